"""Erasures: asking for them and deciding about them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.erasure import AskingSerializer, ErasureSerializer
from server.api.views.base import Door
from server.core.clock import now
from server.erasure import selectors, services
from server.erasure.filters import ErasureFilters
from server.erasure.models import Erasure
from server.erasure.problems import NothingToErase
from server.submissions.deletions import erasable


class Erasures(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Erasures in the areas that the caller administers: waiting, refused and carried out."""

    model = Erasure
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = ErasureSerializer
    filterset_class = ErasureFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.erasures(self.access)

    def get_object(self) -> Erasure:
        """Raises NoSuchErasure."""
        return selectors.erasure(self.access, self.kwargs["id"])

    @extend_schema(request=AskingSerializer, responses={201: ErasureSerializer})
    def create(self, request: Request) -> Response:
        """Ask that a record, or all that records say of a person, is erased for good. A second administrator decides."""
        body = self.read_body(AskingSerializer)
        why = {
            "cause": body["cause"],
            "reason": body["reason"],
            "user": self.user,
            "access": self.access,
            "at": now(),
        }
        if body["person"] is not None:
            asked = services.ask_for_person(person=body["person"], **why)
        else:
            submission = erasable(self.access, body["form"], body["instance_id"])
            if submission is None:
                raise NothingToErase
            asked = services.ask_for_submission(submission=submission, **why)
        return Response(ErasureSerializer(asked).data, status=201)

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def consent(self, request: Request, id: int) -> Response:
        """Erase. Not by whoever asked; cannot be undone."""
        return self._decide(services.consent)

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def refuse(self, request: Request, id: int) -> Response:
        """Refuse the request, or take one's own back."""
        return self._decide(services.refuse)

    def _decide(self, decide: Any) -> Response:
        row = decide(erasure=self.get_object(), user=self.user, access=self.access, at=now())
        return Response(ErasureSerializer(row).data)
