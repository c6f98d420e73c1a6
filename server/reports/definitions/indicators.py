"""What an indicator is: which facts it counts, where and when, in words and as a condition. Declared in tables.

An indicator counts the facts of one table. States are taken as they held at the end of a day (at the
beginning or the end of the period), events as they lie in the period. A fact counts for the
community in its `place`: the one lived in, that of the hukou, or that of the row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from django.db.models import Q

from server.core.codes import code_lists
from server.core.labels import Label
from server.ledgers.folding.derive.ages import turns
from server.reports.definitions.periods import Period
from server.reports.facts.kinds import EventKind, Reason, family_of

YUAN: Final = Label("元", "yuan")
"""The unit of amounts, which have two decimals."""


class Grain(StrEnum):
    """What is counted: the tables of facts."""

    PERSON = "person"
    HOUSEHOLD = "household"
    CASE = "case"
    RETIREE = "retiree"
    DEPENDANT = "dependant"
    RECORD = "record"  # of the register in `ledger`
    MARKET = "market"  # free places and seekers, by `ledger`
    EVENT = "event"
    RECEIVED = "submission"  # a record that a phone sent
    DOUBT = "exception"
    FIGURE = "figure"  # stated by an office: census, certificate, study


class When(StrEnum):
    """At which time facts count."""

    BEGIN = "begin"
    END = "end"
    DURING = "during"
    NEW = "new"  # began in the period, and had not stood so at its beginning
    BEGAN = "began"  # stands so since a day of the period
    ENDED = "ended"  # stood so until a day of the period
    WHOLE = "whole"  # stood so at the beginning, or is new


class Place(StrEnum):
    """The rule by which a fact belongs to a community."""

    RESIDENCE = "residence_area"
    HUKOU = "hukou_area"
    ROW = "area_code"
    EVENT = "place"


Condition = Callable[[date], Q]
"""What must hold of a fact on a day: the end of the period, or its beginning."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One number of a report."""

    name: str
    label: Label
    words: Label  # the definition in words
    clause: str  # of the regulation, or of domain rules
    grain: Grain
    when: When
    place: Place
    where: Condition
    unit: Label
    counts_entries: bool = False  # each entry once, however often something happened to it
    once: str = "entry"  # with counts_entries: the column of which each value counts once
    open_where: Condition | None = None
    """The condition for readers without the restricted role, who see another code in place of a restricted one."""
    late: bool = False  # events that are about a day before the period
    sums: str = ""  # the column of facts that is summed; "" counts facts
    is_restricted: bool = False  # about what only the restricted role may know
    judged_by: str = ""  # of a restricted sum: the column that counts what it sums
    ledger: str = ""  # of records: the register

    def day(self, period: Period) -> date:
        """The day by which the condition is judged."""
        return period.begin if self.when is When.BEGIN else period.last

    def holds(self, period: Period, *, sees_restricted: bool = True) -> Q:
        """The condition on facts, without place and what was known."""
        where = self.where if sees_restricted else self.open_where or self.where
        holds = where(self.day(period)) & _in_time(self.when, period)
        if self.ledger:
            holds &= Q(ledger=self.ledger)
        if self.late:
            holds &= Q(of_day__lt=period.first)
        return holds & Q(**{f"{self.sums}__gt": 0}) if self.sums else holds


def _in_time(when: When, period: Period) -> Q:
    if when is When.DURING:
        return Q(day__gte=period.first, day__lte=period.last)
    if when is When.NEW:
        is_first = Q(ended_on=None) | Q(ended_on__lt=period.first)
        return Q(is_new=True, since__gte=period.first, since__lte=period.last) & is_first
    if when is When.BEGAN:
        return Q(since__gte=period.first, since__lte=period.last)
    if when is When.ENDED:
        return Q(until__gte=period.first, until__lte=period.last)
    if when is When.WHOLE:
        return _in_time(When.BEGIN, period) | _in_time(When.NEW, period)
    day = period.begin if when is When.BEGIN else period.last
    return Q(since__lte=day) & (Q(until=None) | Q(until__gt=day))


def years_before(day: date, years: int) -> date:
    """The day so many years before, for ages: born on it or before is that old or older."""
    return turns(day, -years)


def happened(
    name: str,
    zh: str,
    en: str,
    words: Label,
    kind: EventKind,
    reason: Reason | None = None,
    *,
    clause: str,
    unit: Label,
    where: Q | None = None,
    sums: bool = False,
    judged_by: str = "",
) -> Indicator:
    """Events of a kind in the period, or the sum of their quantities; what is about petitions is for the restricted role."""
    holds = Q(kind=kind) & (Q(reason=reason) if reason else Q()) & (where or Q())
    return Indicator(
        name, Label(zh, en), words, clause, Grain.EVENT, When.DURING, Place.EVENT,
        lambda _day: holds, unit, sums="quantity" if sums else "",
        is_restricted=family_of(kind) == "petition", judged_by=judged_by,
    )  # fmt: skip


def each_code(
    whole: Indicator, prefix: str, codes: str, column: str, *, several: bool = False
) -> list[Indicator]:
    """The indicator divided by the codes of a list, and what has none of them, so that the parts sum to the whole.

    `column` of the facts holds the code, or several, of which at most one is of the list.
    """
    labels = code_lists()[codes].codes

    def part(name: str, label: Label, holds: Q) -> Indicator:
        words = Label(
            f"{whole.words.zh},其中:{label.zh}", f"{whole.words.en}; of these: {label.en}"
        )
        where = whole.where
        return replace(
            whole, name=f"{prefix}_{name}", label=label, words=words,
            where=lambda day: where(day) & holds,
        )  # fmt: skip

    def has(code: str) -> Q:
        return Q(**{f"{column}__contains": [code]}) if several else Q(**{column: code})

    none = ~Q(**{f"{column}__overlap" if several else f"{column}__in": list(labels)})
    return [
        *(part(code, label, has(code)) for code, label in labels.items()),
        part("none", Label("不详", "unknown"), none),
    ]
