"""The quarantine: refused records, their repair, replay and dismissal."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import REVIEWERS
from server.api import requests
from server.api.representations import Bytes
from server.api.shapes.quarantine import (
    DecidingSerializer,
    ElsewhereSerializer,
    KeptOutSerializer,
    QuarantinedDetailSerializer,
    QuarantinedSerializer,
    RepairingSerializer,
    RepairSerializer,
    ReplayedSerializer,
    ReplayingSerializer,
)
from server.api.views.base import Door
from server.core.clock import now
from server.disclosure.services import let_out_quarantined
from server.ledgers.reading.redaction import quarantined_document_for
from server.quarantine import selectors, services
from server.quarantine.export import archive
from server.quarantine.filters import QuarantinedFilters
from server.quarantine.models import Quarantined

REASON = OpenApiParameter("reason", str, description="Why; recorded. Or the header X-Reason.")


class Quarantine(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Refused records from the areas the caller reviews, kept whole with the reason."""

    model = Quarantined
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = QuarantinedSerializer
    filterset_class = QuarantinedFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.quarantined(self.access)

    def get_object(self) -> Quarantined:
        """Raises UnknownQuarantined: another area's is not result apart from none."""
        return selectors.quarantined_item(self.access, self.kwargs["id"])

    def get_serializer_class(self) -> Any:
        return QuarantinedDetailSerializer if self.action == "retrieve" else QuarantinedSerializer

    @extend_schema(parameters=[REASON], responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[Bytes], filterset_class=None)
    def export(self, request: Request, id: int) -> FileResponse:
        """Record, repairs and files as one zip. Needs a reason, which is logged."""
        record = self.get_object()
        reason = requests.reason(request)
        let_out_quarantined(record, user=self.user, access=self.access, reason=reason)
        return FileResponse(
            archive(record, self.access, quarantined_document_for(self.access, record)),
            as_attachment=True,
            filename=f"quarantine-{record.pk}.zip",
            content_type="application/zip",
        )

    @extend_schema(request=RepairingSerializer, responses={201: RepairSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def repair(self, request: Request, id: int) -> Response:
        """Store a repair beside the received record; replay uses the latest repair."""
        record = self.get_object()
        body = self.read_body(RepairingSerializer)
        stored = services.repair(
            item=record,
            act=body["act"],
            reason=body["reason"],
            user=self.user,
            access=self.access,
            at=now(),
            document=body["xml"].encode(),
            form_id=body["form"],
            version=body["version"],
        )
        return Response(RepairSerializer(stored).data, status=201)

    @extend_schema(request=None, responses=QuarantinedDetailSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def replay(self, request: Request, id: int) -> Response:
        """Accept the record as if its phone sent it now; answers with the problem that is still in the way."""
        services.replay(item=self.get_object(), user=self.user, access=self.access, at=now())
        return Response(QuarantinedDetailSerializer(self.get_object()).data)

    @extend_schema(request=DecidingSerializer, responses=QuarantinedDetailSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def dismiss(self, request: Request, id: int) -> Response:
        """Dismiss the record; it stays in the quarantine."""
        record = self.get_object()
        reason = self.read_body(DecidingSerializer)["reason"]
        services.dismiss(item=record, reason=reason, user=self.user, access=self.access, at=now())
        return Response(QuarantinedDetailSerializer(self.get_object()).data)

    @extend_schema(request=DecidingSerializer, responses=QuarantinedDetailSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def reopen(self, request: Request, id: int) -> Response:
        """Reopen a dismissed record, so that it waits for a decision again."""
        record = self.get_object()
        reason = self.read_body(DecidingSerializer)["reason"]
        services.reopen(item=record, reason=reason, user=self.user, access=self.access, at=now())
        return Response(QuarantinedDetailSerializer(self.get_object()).data)

    @extend_schema(
        operation_id="quarantine_replay_all",
        request=ReplayingSerializer,
        responses=ReplayedSerializer,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="replay",
        filterset_class=None,
        pagination_class=None,
    )
    def replay_all(self, request: Request) -> Response:
        """Replay all records of one reason in the areas the caller reviews."""
        self.require(REVIEWERS)
        reason = self.read_body(ReplayingSerializer)["reason"]
        result = services.replay_many(
            self.rows().filter(reason=reason), user=self.user, access=self.access, at=now()
        )
        return Response({"taken": result.accepted, "refused": result.refused})

    @extend_schema(responses=KeptOutSerializer(many=True))
    @action(
        detail=False,
        methods=["get"],
        url_path="kept-out",
        filterset_class=None,
        pagination_class=None,
    )
    def kept_out(self, request: Request) -> Response:
        """Counts of records not kept because of limits, by day and phone; the newest thousand."""
        rows = selectors.refusals(self.access)[:1000]
        return Response(KeptOutSerializer(rows, many=True).data)

    @extend_schema(responses=ElsewhereSerializer(many=True))
    @action(
        detail=False,
        methods=["get"],
        url_path="elsewhere",
        filterset_class=None,
        pagination_class=None,
    )
    def elsewhere(self, request: Request) -> Response:
        """Records of the caller's areas that wait for the office of another area; the newest thousand."""
        rows = selectors.waiting_elsewhere(self.access)[:1000]
        return Response(ElsewhereSerializer(rows, many=True).data)
