"""Links between the caller's entries and those that other offices have of the same identity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.links import (
    DeclaredSerializer,
    LinkActSerializer,
    LinkSerializer,
    StatementSerializer,
)
from server.api.views.base import Door
from server.core.clock import now
from server.core.request_problems import NotAllowed, NothingHere
from server.ledgers import selectors, services
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.filters import LinkFilters
from server.ledgers.models import EntryLink


class Links(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Links: another office knows the same number. Each office reads its own side, and no value of the other's."""

    model = EntryLink
    lookup_field = "id"
    lookup_value_converter = "uuid"
    parser_classes = (JSONParser,)
    serializer_class = LinkSerializer
    filterset_class = LinkFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.links(self.access).order_by("-awaits_us", "-opened_at", "pk")

    def get_object(self) -> EntryLink:
        link = self.get_queryset().filter(pk=self.kwargs["id"]).first()
        if link is None:
            raise NothingHere
        return link

    @extend_schema(responses=DeclaredSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def facts(self, request: Request, id: UUID) -> Response:
        """What the other office states and this one does not, while both agree on two places; else nothing."""
        link = self.get_object()
        rows = [
            {
                "office": link.other_office,
                "ledger": fact.ledger,
                "column": fact.column.name,
                "value": fact.value,
            }
            for fact in selectors.declared_facts(link)
        ]
        return Response(DeclaredSerializer(rows, many=True).data)

    @extend_schema(responses=LinkActSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def acts(self, request: Request, id: UUID) -> Response:
        """What this office's desk stated about the link, the latest first, undone acts included."""
        acts = selectors.acts_on_link(self.access, self.get_object()).select_related("user")
        return Response(LinkActSerializer(acts, many=True).data)

    @extend_schema(request=StatementSerializer, responses={201: LinkSerializer})
    @acts.mapping.post
    def state(self, request: Request, id: UUID) -> Response:
        """State what holds between the two entries. A move needs the receiving office's word and the giving office's agreement."""
        link = self.get_object()
        body = self.read_body(StatementSerializer)
        if not services.acts_for(self.access, link):
            raise NotAllowed
        services.state_of_link(
            link=link,
            kind=ActKind(body["kind"]),
            reason=body["reason"],
            access=self.access,
            at=now(),
        )
        return Response(self.get_serializer(self.get_object()).data, status=201)

    @extend_schema(request=None, responses=LinkSerializer)
    @action(detail=True, methods=["post"], url_path="acts/<int:act>/undo", filterset_class=None)
    def undo(self, request: Request, id: UUID, act: int) -> Response:
        """Undo what this office's desk stated. Agreement taken back is refusal from then on."""
        link = self.get_object()
        stated = selectors.acts_on_link(self.access, link).filter(pk=act).first()
        if stated is None:
            raise NothingHere
        services.undo(act=stated, access=self.access, at=now())
        return Response(self.get_serializer(self.get_object()).data)
