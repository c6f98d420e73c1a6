"""Changes of divisions: their list, what one would change, making and undoing one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.division_changes import (
    AskedChangeSerializer,
    ChangePreviewSerializer,
    ChangeReasonSerializer,
    DivisionChangeSerializer,
    NewChangeSerializer,
)
from server.api.views.base import Door
from server.geo.filters import DivisionChangeFilters
from server.geo.models import ChangeKind, DivisionChange
from server.geo.renames import Rename
from server.geo.renumbering import Renumbering, renumber_division
from server.geo.selectors import division_changes
from server.geo.services import rename_division, undo_change
from server.reports.division_changes import preview_rename, preview_renumbering


class DivisionChanges(ViewSetMixin, ListModelMixin, Door):
    """Divisions that got another name or code, and from which day; undone changes, too."""

    model = DivisionChange
    holds_persons: ClassVar[bool] = False
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = DivisionChangeSerializer
    filterset_class = DivisionChangeFilters

    def rows(self) -> QuerySet[Any]:
        return division_changes(self.access).order_by("-pk")

    @extend_schema(request=NewChangeSerializer, responses={201: DivisionChangeSerializer})
    def create(self, request: Request) -> Response:
        """Rename a division from a day on, or give a community another code, for administrators of the county.

        A renamed division keeps its code, entries, roles and phones. To a new code the worker moves
        submissions, entries and rules (`to_follow`); roles hold under both codes.
        """
        given = self.read_body(NewChangeSerializer)
        why = {"reason": given["reason"], "evidence": given["evidence"], "actor": self.access}
        if given["kind"] == ChangeKind.RENUMBER:
            change = renumber_division(_renumbering(given), **why)
        else:
            change = rename_division(_rename(given), **why)
        return Response(self.get_serializer(change).data, status=201)

    @extend_schema(request=AskedChangeSerializer, responses=ChangePreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What the change would concern, or why it cannot be made; changes nothing."""
        given = self.read_body(AskedChangeSerializer)
        if given["kind"] == ChangeKind.RENUMBER:
            preview = preview_renumbering(_renumbering(given), self.access)
        else:
            preview = preview_rename(_rename(given), self.access)
        return Response(ChangePreviewSerializer(preview).data)

    @extend_schema(request=ChangeReasonSerializer, responses=DivisionChangeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: int) -> Response:
        """Give the division its former name or code back; refused once it was changed again."""
        reason = self.read_body(ChangeReasonSerializer)["reason"]
        return Response(self.get_serializer(undo_change(id, reason=reason, actor=self.access)).data)


def _rename(given: dict[str, Any]) -> Rename:
    return Rename(given["division"], given["name"], given["name_en"], given["takes_effect_on"])


def _renumbering(given: dict[str, Any]) -> Renumbering:
    return Renumbering(given["division"], given["new_code"], given["takes_effect_on"])
