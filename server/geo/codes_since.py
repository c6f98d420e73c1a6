"""What a division code means since divisions were renumbered (decision 0358): the one place that knows.

A record keeps the code that its phone sent. Where it stands is this code's successor, whenever it was
made and received, so that a rebuild, a late record and an old form all land at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Q, QuerySet

from server.geo.codes import lies_in
from server.geo.models import ChangeKind, DivisionChange


class Renumbered(NamedTuple):
    """A code that another replaced, and the first day of the new one."""

    old: str
    new: str
    day: date


@dataclass(frozen=True)
class CodesSince:
    """Codes and their successors. Pure."""

    changes: tuple[Renumbered, ...] = ()

    def now(self, code: str) -> str:
        """The code of today of a division that had this code; other codes and prefixes as they are."""
        while code in self._successors:
            code = self._successors[code]
        return code

    @cached_property
    def _successors(self) -> dict[str, str]:
        return {change.old: change.new for change in self.changes}

    def all(self, code: str) -> set[str]:
        """Every code that the division with this code has, had or got, its own among them."""
        now = self.now(code)
        return {now, code, *(item.old for item in self.changes if self.now(item.old) == now)}

    def lies_in(self, area: str, field: str = "area_code") -> Q:
        """A filter for rows that lie in an area, a prefix; of a whole code under any code that it had."""
        return reduce(or_, (lies_in(code, field) for code in sorted(self.all(area))))

    def on(self, code: str, day: date) -> str:
        """The code that the division with this code, of whatever time, had on a day."""
        code = self.now(code)
        before = {change.new: change for change in self.changes}
        while code in before and before[code].day > day:
            code = before[code].old
        return code


def codes_since() -> CodesSince:
    """The renumberings that stand. One query."""
    return CodesSince(_renumbered(DivisionChange.objects.filter(undone_at=None)))


def codes_known_by(instant: datetime) -> CodesSince:
    """What codes meant by what had been decided at an instant, for codes as they are stored today. Two queries.

    A code that was given later leads back to the one that it replaced.
    """
    stood = Q(undone_at=None) | Q(undone_at__gt=instant)
    known = _renumbered(DivisionChange.objects.filter(stood, made_at__lte=instant))
    given = {change.new for change in known}
    later = _renumbered(DivisionChange.objects.filter(undone_at=None, made_at__gt=instant))
    back = (Renumbered(new, old, day) for old, new, day in later if new not in given)
    return CodesSince((*known, *back))


def _renumbered(changes: QuerySet[DivisionChange]) -> tuple[Renumbered, ...]:
    rows = changes.filter(kind=ChangeKind.RENUMBER).order_by("pk")
    return tuple(
        map(Renumbered._make, rows.values_list("division_id", "new_code", "takes_effect_on"))
    )
