"""Pages of a list: numbered and counted to a bound, or by cursor, to walk through the whole list."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import InvalidPage
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination, CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from server.api.problems import InvalidQuery
from server.core.paging import COUNTED, CappedPaginator

MAX_PAGE_SIZE = 1000


class _Sized:
    """`page_size` is a number from 1 to 1000; any other value is refused rather than ignored."""

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("page_size")
        if text is None:
            return 50
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PAGE_SIZE):
            raise InvalidQuery(
                errors=[
                    {
                        "pointer": "#/page_size",
                        "code": "invalid",
                        "detail": _("A number from 1 to {max}.").format(max=MAX_PAGE_SIZE),
                    }
                ]
            )
        return int(text)


class _ByCursor(_Sized, CursorPagination):
    """In the order of the primary key: stable, and every page costs the same."""

    ordering = "pk"

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return ("pk",)


class Pages(_Sized, PageNumberPagination):
    """`?page=` counts and numbers the first 10,000 rows; `?cursor=` (empty at first) walks by primary key without counting."""

    django_paginator_class = CappedPaginator
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    page_size_query_description = "Rows a page, 1 to 1000."
    page_query_description = "Which page, from 1."
    by_cursor: _ByCursor | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        if "cursor" in request.query_params:
            self.by_cursor = _ByCursor()
            return self.by_cursor.paginate_queryset(queryset, request, view) or []
        self.request = request
        self.page = self._page(queryset, request)
        return list(self.page)

    def rows_read(self) -> tuple[int, int | None]:
        """How many rows the page has, and the place of the last one in the whole list; None far from the beginning."""
        cursor = self.by_cursor
        if cursor is not None:
            n_rows = len(cursor.page or ())
            place = cursor.cursor
            is_first = place is None or (place.position is None and not place.reverse)
            return n_rows, n_rows if is_first else None
        page = self.page
        return (len(page), page.end_index()) if page else (0, 0)

    def _page(self, queryset: Any, request: Request) -> Any:
        paginator = self.django_paginator_class(queryset, self.get_page_size(request))
        try:
            return paginator.page(request.query_params.get("page", 1))
        except InvalidPage as invalid:
            raise InvalidQuery(errors=[_no_page(is_capped=paginator.is_capped)]) from invalid

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self._links(), **_rows(data)})

    def _links(self) -> dict[str, Any]:
        cursor = self.by_cursor
        if cursor is not None:
            return {"next": cursor.get_next_link(), "previous": cursor.get_previous_link()}
        return {
            "count": self.page.paginator.count if self.page else 0,
            "is_counted": not (self.page and cast(CappedPaginator, self.page.paginator).is_capped),
            "next": self.get_next_link(),
            "previous": self.get_previous_link(),
        }

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "count": {
                    "type": "integer",
                    "description": f"Rows in all, at most {COUNTED}; absent with cursor.",
                },
                "is_counted": {
                    "type": "boolean",
                    "description": "false: there are more rows than `count`, and numbered pages"
                    " do not reach them; absent with cursor.",
                },
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = {
            "name": "cursor",
            "in": "query",
            "required": False,
            "description": "Walk the whole list: empty at first, then follow `next`.",
            "allowEmptyValue": True,
            "schema": {"type": "string"},
        }
        return [*super().get_schema_operation_parameters(view), cursor]


class ByPlace(_Sized, BasePagination):
    """Pages of rows that are of several tables: each page names the place where the next one begins. Counts nothing."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page. Raises InvalidQuery for a cursor that is none, and for numbers of pages."""
        self.request, self.cursor = request, request.query_params.get("cursor", "")
        if "page" in request.query_params:
            detail = _("There is no such parameter here.")
            raise InvalidQuery(errors=[{"pointer": "#/page", "code": "unknown", "detail": detail}])
        try:
            rows, self.next = queryset.page(self.cursor, self.get_page_size(request))
        except ValueError as invalid:
            detail = _("Follow `next` of the page before; other values name no place.")
            raise InvalidQuery(
                errors=[{"pointer": "#/cursor", "code": "invalid", "detail": detail}]
            ) from invalid
        self.n_rows = len(rows)
        return list(rows)

    def rows_read(self) -> tuple[int, int | None]:
        """How many rows the page has, and the place of the last one in the whole list; None far from the beginning."""
        return self.n_rows, None if self.cursor else self.n_rows

    def get_paginated_response(self, data: Any) -> Response:
        here = self.request.build_absolute_uri()
        following = replace_query_param(here, "cursor", self.next) if self.next else None
        return Response({"next": following, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": ["string", "null"], "format": "uri"},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        described = {
            "cursor": ("Where the page begins: follow `next`.", {"type": "string"}),
            "page_size": ("Rows a page, 1 to 1000.", {"type": "integer"}),
        }
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": kind}
            for name, (text, kind) in described.items()
        ]


def _no_page(*, is_capped: bool) -> dict[str, str]:
    detail = _("There is no such page.")
    if is_capped:
        detail = _(
            "Numbered pages end at row {rows}. Narrow the list with filters, or walk all of it with ?cursor= instead of ?page=."
        ).format(rows=COUNTED)
    return {"pointer": "#/page", "code": "too_far" if is_capped else "invalid", "detail": detail}


def _rows(data: Any) -> dict[str, Any]:
    """The rows under `results`, or a GeoJSON collection's own members."""
    if isinstance(data, dict) and data.get("type") == "FeatureCollection":
        return data
    return {"results": data}
