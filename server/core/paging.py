"""Pages of long lists: counted to a bound, and the rows of a page joined only once they are known."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNTED: Final = 10_000
"""Lists are counted no further, and numbered pages end there (decision 0070): a filter or a cursor helps more."""


class CappedPaginator(Paginator):
    """Pages of a list, counted no further than `COUNTED`, so that a long list opens as fast as a short one."""

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: COUNTED + 1].count()
        return len(rows)

    @cached_property
    def count(self) -> int:
        return min(self._counted, COUNTED)

    @property
    def is_capped(self) -> bool:
        """Whether the list has more rows than are counted."""
        return self._counted > COUNTED

    def page(self, number: int | str) -> Page:
        """The page with this number. Raises InvalidPage."""
        page: Page = super().page(number)
        first, rows = (page.number - 1) * self.per_page, self.object_list
        if first and isinstance(rows, QuerySet):
            # What a list joins is not joined to the rows before the page.
            keys = rows.select_related(None).values("pk")[
                first : min(first + self.per_page, self.count)
            ]
            page.object_list = rows.filter(pk__in=keys)
        return page
