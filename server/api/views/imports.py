"""Old ledgers from Excel: check a file, say what its headings mean, take it in, undo."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import REVIEWERS
from server.api.shapes.imports import (
    ImportedRowSerializer,
    ImportRemarkSerializer,
    ImportSerializer,
    MeaningsSerializer,
    OldLedgerSerializer,
    WholeImportSerializer,
)
from server.api.views.base import Door
from server.imports import selectors, services
from server.imports.filters import ImportFilters
from server.imports.models import Import


class Imports(ViewSetMixin, ListModelMixin, Door):
    """The old ledgers of the caller's areas."""

    model = Import
    holds_persons: ClassVar[bool] = False
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser, MultiPartParser)
    serializer_class = ImportSerializer
    filterset_class = ImportFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.imports(self.access)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        progress = selectors.progress_of([row.pk for row in page or ()])
        for row in page or ():
            row.progress = progress[row.pk]
        return page

    @extend_schema(
        request={"multipart/form-data": OldLedgerSerializer},
        responses={201: WholeImportSerializer},
    )
    def create(self, request: Request) -> Response:
        """Check an old ledger row by row; the ledgers do not change. `start` takes it in."""
        self.require(REVIEWERS)
        body = self.read_body(OldLedgerSerializer)
        file = body["file"]
        imported = services.check_file(
            content=file.read(),
            filename=file.name,
            ledger=body["ledger"],
            area=body["area"].ljust(12, "0"),
            as_of=body["as_of"],
            user=self.user,
            access=self.access,
        )
        return self._answer(imported, 201)

    @extend_schema(responses=WholeImportSerializer)
    def retrieve(self, request: Request, id: int) -> Response:
        """An import, with what its headings mean and how far it is."""
        return self._answer(selectors.import_numbered(self.access, id))

    @extend_schema(request=MeaningsSerializer, responses=WholeImportSerializer)
    def partial_update(self, request: Request, id: int) -> Response:
        """Check the file again with other meanings of its headings, area or day, before it is started."""
        body = self.read_body(MeaningsSerializer)
        present = selectors.import_numbered(self.access, id)
        imported = services.check_again(
            number=id,
            meanings=body.get("meanings", {}),
            area=body.get("area", present.area_code).ljust(12, "0"),
            as_of=body.get("as_of", present.as_of),
            user=self.user,
            access=self.access,
        )
        return self._answer(imported)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int) -> Response:
        """Forget a checked file that was not started."""
        services.discard(number=id, user=self.user, access=self.access)
        return Response(status=204)

    @extend_schema(request=None, responses={202: WholeImportSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, id: int) -> Response:
        """Let the worker take the ready rows into the ledgers at level V0; of a finished import, those that were refused."""
        return self._answer(services.start(number=id, user=self.user, access=self.access), 202)

    @extend_schema(request=None, responses={202: WholeImportSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: int) -> Response:
        """Let the worker take the import's rows out of the ledgers again."""
        return self._answer(services.undo(number=id, user=self.user, access=self.access), 202)

    @extend_schema(request=None, responses={202: WholeImportSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, id: int) -> Response:
        """Let the worker take back the undoing."""
        return self._answer(services.restore(number=id, user=self.user, access=self.access), 202)

    @extend_schema(responses=ImportRemarkSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def remarks(self, request: Request, id: int) -> Response:
        """Every row that stays out, and why; no number of a person is quoted."""
        names = ("sheet", "row", "heading", "reason")
        remarks = selectors.import_numbered(self.access, id).remarks
        plain = [dict(zip(names, remark, strict=True)) for remark in remarks]
        return Response(ImportRemarkSerializer(plain, many=True).data)

    @extend_schema(responses=ImportedRowSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="rows", filterset_class=None)
    def taken(self, request: Request, id: int) -> Response:
        """Every row that can be read, with the record that it became."""
        rows = selectors.rows_of(selectors.import_numbered(self.access, id))
        page = super().paginate_queryset(rows)
        return self.get_paginated_response(ImportedRowSerializer(page, many=True).data)

    def _answer(self, imported: Import, status: int = 200) -> Response:
        imported.progress = selectors.progress_of([imported.pk])[imported.pk]  # type: ignore[attr-defined]
        imported.columns = selectors.labels_of(imported.ledger)  # type: ignore[attr-defined]
        return Response(WholeImportSerializer(imported).data, status=status)
