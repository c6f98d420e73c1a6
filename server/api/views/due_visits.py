"""The visits due and overdue."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import REVIEWERS
from server.accounts.selectors import workers
from server.api.paging import ByPlace
from server.api.shapes.due_visits import (
    DueVisitSerializer,
    HandedOverSerializer,
    HandOverSerializer,
)
from server.api.views.base import Door
from server.core.clock import now, today
from server.ledgers import selectors, services
from server.ledgers.filters import DueVisitFilters
from server.ledgers.models import Visit


class VisitsDue(ViewSetMixin, ListModelMixin, Door):
    """Whom to visit, when, and why: persons and households with a case, persons registered as unemployed, retired persons, main employers. The longest overdue come first."""

    model = Visit
    pagination_class = ByPlace
    serializer_class = DueVisitSerializer
    filterset_class = DueVisitFilters

    def rows(self) -> Any:
        return selectors.due_visits(self.access, today())

    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.narrowed(super().filter_queryset)

    @extend_schema(request=HandOverSerializer, responses=HandedOverSerializer)
    @action(
        detail=False,
        methods=["post"],
        url_path="hand-over",
        filterset_class=None,
        pagination_class=None,
    )
    def hand_over(self, request: Request) -> Response:
        """Hand visits to another worker: each entry that asks for one is linked to the worker, by an act that is undone."""
        self.require(REVIEWERS)
        body = self.read_body(HandOverSerializer)
        named = workers(self.access).filter(username=body["worker"]).first()
        worker = named.pk if named else 0
        visits = selectors.due_visits(self.access, today()).named(body["visits"])
        handing = selectors.plan_handing(visits, worker=worker, access=self.access)
        changing = [visit.id for visit in handing.changing]
        acts: list[int] = []
        refused: list[dict[str, Any]] = []
        if not body["preview"]:
            outcome = services.hand_over(
                visits, worker=worker, reason=body["reason"], access=self.access, at=now()
            )
            acts = [act.pk for act in outcome.acts]
            refused = [
                {"id": entry.pk, "detail": str(problem.detail)}
                for entry, problem in outcome.refused
            ]
        handed = {
            "changing": changing,
            "unchanged": [key for key in body["visits"] if key not in set(changing)],
            "acts": acts,
            "refused": refused,
        }
        return Response(HandedOverSerializer(handed).data)
