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
from server.geo.models import DivisionChange
from server.geo.renames import Rename
from server.geo.selectors import division_changes
from server.geo.services import rename_division, undo_rename
from server.reports.renames import preview_rename


class DivisionChanges(ViewSetMixin, ListModelMixin, Door):
    """Divisions that got another name, and from which day; undone changes, too."""

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
        """Rename a division from a day on, for administrators of its county. Its code, entries, roles and phones stay."""
        given = self.read_body(NewChangeSerializer)
        change = rename_division(
            _rename(given), reason=given["reason"], evidence=given["evidence"], actor=self.access
        )
        return Response(self.get_serializer(change).data, status=201)

    @extend_schema(request=AskedChangeSerializer, responses=ChangePreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What the change would concern, or why it cannot be made; changes nothing."""
        preview = preview_rename(_rename(self.read_body(AskedChangeSerializer)), self.access)
        return Response(ChangePreviewSerializer(preview).data)

    @extend_schema(request=ChangeReasonSerializer, responses=DivisionChangeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: int) -> Response:
        """Give the division its former name back; refused once the name was changed again."""
        reason = self.read_body(ChangeReasonSerializer)["reason"]
        return Response(self.get_serializer(undo_rename(id, reason=reason, actor=self.access)).data)


def _rename(given: dict[str, Any]) -> Rename:
    return Rename(given["division"], given["name"], given["name_en"], given["takes_effect_on"])
