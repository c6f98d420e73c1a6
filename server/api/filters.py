"""How REST lists are narrowed: by the filters their room declares, refusing what is bad or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field

from server.api.problems import InvalidQuery
from server.api.requests import access
from server.core.filters import Box

PAGING = frozenset({"page", "page_size", "cursor", "format"})

extend_schema_field({"type": "string", "example": "113.30,23.10,113.40,23.20"})(Box)


class Backend(DjangoFilterBackend):
    """Refuses parameters that do not exist: a mistyped filter must not answer with everything."""

    def get_filterset_kwargs(
        self, request: Any, queryset: QuerySet[Any], view: Any
    ) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        return {**kwargs, "access": access(request), "day_areas": view.whole_areas()}

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """The rows that pass the view's filters. Raises InvalidQuery, which names each bad parameter."""
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        errors = list(_faults(filterset, request.query_params))
        if errors:
            raise InvalidQuery(errors=errors)
        return filterset.qs


def _faults(filterset: django_filters.FilterSet, given: Iterable[str]) -> Iterator[dict[str, str]]:
    for name in given:
        if name not in filterset.filters and name not in PAGING:
            detail = _("There is no such parameter here.")
            yield {"pointer": f"#/{name}", "code": "unknown", "detail": detail}
    for name, faults in filterset.form.errors.get_json_data().items():
        for fault in faults:
            yield {
                "pointer": f"#/{name}",
                "code": fault["code"] or "invalid",
                "detail": fault["message"],
            }
