"""Export permits: the list, asking for one, and deciding about those of others."""

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

from server.accounts.access import REVEALERS
from server.api.shapes.disclosure import (
    ExportPermitSerializer,
    NewPermitSerializer,
    PermitNoteSerializer,
)
from server.api.views.base import Door
from server.disclosure import selectors, services
from server.disclosure.filters import PermitFilters
from server.disclosure.models import ExportPermit
from server.disclosure.problems import NoSuchPermit
from server.geo.codes import code_prefix


class ExportPermits(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Export permits: the caller's own, and those of the areas where the caller may consent."""

    model = ExportPermit
    holds_persons = False
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = ExportPermitSerializer
    filterset_class = PermitFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.permits(self.access)

    def get_object(self) -> ExportPermit:
        """Raises NoSuchPermit."""
        permit = self.get_queryset().filter(pk=self.kwargs["id"]).first()
        if permit is None:
            raise NoSuchPermit(number=self.kwargs["id"])
        return permit  # type: ignore[no-any-return]

    @extend_schema(request=NewPermitSerializer, responses={201: ExportPermitSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a permit. It is open at once if it concerns few rows; else a second person has to consent."""
        self.require(REVEALERS)
        body = self.read_body(NewPermitSerializer)
        permit = services.request_permit(
            user=self.user,
            access=self.access,
            kind=body["kind"],
            name=body["name"],
            area=code_prefix(body["area"]),
            reason=body["reason"],
            days=body["days"],
        )
        return Response(ExportPermitSerializer(permit).data, status=201)

    @extend_schema(request=None, responses=ExportPermitSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def consent(self, request: Request, id: int) -> Response:
        """Consent to a colleague's permit, which is open from then on."""
        permit = services.consent(number=id, user=self.user, access=self.access)
        return Response(ExportPermitSerializer(permit).data)

    @extend_schema(request=PermitNoteSerializer, responses=ExportPermitSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def refuse(self, request: Request, id: int) -> Response:
        """Refuse a colleague's permit, with a note that says why."""
        note = self.read_body(PermitNoteSerializer)["note"]
        permit = services.refuse(number=id, user=self.user, access=self.access, note=note)
        return Response(ExportPermitSerializer(permit).data)

    @extend_schema(request=PermitNoteSerializer, responses=ExportPermitSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def withdraw(self, request: Request, id: int) -> Response:
        """End a permit before it runs out: one's own, or one of the areas where the caller may consent."""
        note = self.read_body(PermitNoteSerializer)["note"]
        permit = services.withdraw(number=id, user=self.user, access=self.access, note=note)
        return Response(ExportPermitSerializer(permit).data)
