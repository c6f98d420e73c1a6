"""Reports over REST: the kinds, a table for a division and period, and the entries behind a number."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.reports import (
    AskedSerializer,
    CellSerializer,
    ReportEntriesSerializer,
    ReportKindSerializer,
    ReportSerializer,
    kind_of,
    plain_table,
)
from server.api.views.base import Door
from server.core.spreadsheets import XLSX_TYPE
from server.reports import selectors
from server.reports.annexes import annex_of
from server.reports.definitions.registry import REPORTS
from server.reports.models import PersonFact
from server.reports.paper import PDF_TYPE, as_pdf
from server.reports.sheets import CSV_TYPE, as_csv, as_xlsx, file_name


class _Sheet(BaseRenderer):
    """Takes part in content negotiation; only problems are rendered here, as JSON."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return JSONRenderer().render(data)


class Csv(_Sheet):
    """For `?format=csv`."""

    media_type = "text/csv"
    format = "csv"


class Xlsx(_Sheet):
    """For `?format=xlsx`."""

    media_type = XLSX_TYPE
    format = "xlsx"
    charset = None


class Pdf(_Sheet):
    """For `?format=pdf`."""

    media_type = PDF_TYPE
    format = "pdf"
    charset = None


class Reports(ViewSetMixin, Door):
    """The tables that offices send in, counted from facts for the caller's areas."""

    model = PersonFact
    holds_persons: ClassVar[bool] = False
    lookup_value_regex = "[A-Za-z0-9]+"
    lookup_url_kwarg = "code"
    lookup_value_converter = "str"
    pagination_class = None
    filter_backends = ()

    def get_renderers(self) -> list[Any]:
        is_table = getattr(self, "action", None) == "retrieve"
        return [JSONRenderer(), Csv(), Xlsx(), Pdf()] if is_table else [JSONRenderer()]

    @extend_schema(responses=ReportKindSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The kinds of reports, with their columns and definitions."""
        kinds = [kind_of(report) for report in REPORTS.values()]
        return Response(ReportKindSerializer(kinds, many=True).data)

    @extend_schema(parameters=[AskedSerializer], responses=ReportSerializer)
    def retrieve(self, request: Request, code: str) -> Any:
        """A report for a division and period, with the balances that do not hold; `format=csv` and `format=xlsx` give sheets, `format=pdf` the paper to be signed."""
        table = selectors.table(self.access, code, **self._asked(AskedSerializer))
        wanted = request.accepted_renderer.format
        if wanted == "csv":
            return _file(as_csv(table), CSV_TYPE, file_name(table, "csv"))
        if wanted == "xlsx":
            annex = annex_of(self.access, self.user, table)
            content = as_xlsx(table, str(self.user), annex)
            return _file(content, XLSX_TYPE, file_name(table, "xlsx"))
        if wanted == "pdf":
            return _file(as_pdf(table, str(self.user)), PDF_TYPE, file_name(table, "pdf"))
        return Response(ReportSerializer(plain_table(table)).data)

    @extend_schema(parameters=[CellSerializer], responses=ReportEntriesSerializer)
    @action(detail=True, methods=["get"])
    def entries(self, request: Request, code: str) -> Response:
        """The entries that a number of a report counts, as far as the caller may see them."""
        entries = selectors.entries_behind(self.access, code, **self._asked(CellSerializer))
        return Response(ReportEntriesSerializer(entries).data)

    def _asked(self, kind: Any) -> dict[str, Any]:
        asked = kind(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        content, media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
