"""Searching entries by a word, through the indexes over characters, pairs and readings (core/words.py, decision 0340).

Each function is a statement of its own that takes the areas first, because a word of two
characters is in every twentieth address of a county, and those of one community are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from server.accounts.access import within
from server.core.filters import holding_word
from server.core.words import NameWords, is_reading, may_hold, read_like
from server.ledgers.models import AssistanceCase, Employer, Household, Person, Visit

HOUSEHOLD_TEXTS = ("hh_no", "address", "building", "room")
"""What the index holds of a household."""


def persons_holding(word: str, areas: Sequence[str]) -> QuerySet[Person, Any]:
    """The ids of the persons of these areas whose name holds the word, or is read as it begins."""
    names_it = holding_word("name", word)
    if is_reading(word):
        names_it |= Q(read_like(NameWords(F("name")), word))
    indexed = Q(pk__in=may_hold("ledgers_person", word, areas, reads=is_reading(word)))
    return Person.objects.filter(within(areas), indexed, names_it).order_by().values("pk")


def households_holding(word: str, areas: Sequence[str]) -> QuerySet[Household, Any]:
    """The ids of the households whose number or address holds the word, or in which somebody of these areas has such a name."""
    texts = Q(pk__in=may_hold("ledgers_household", word, areas))
    in_text = Q(pk__in=())
    for column in HOUSEHOLD_TEXTS:
        in_text |= holding_word(column, word, is_number=column == "hh_no")
    homes = Household.objects.filter(within(areas), texts, in_text).order_by()
    people = Person.objects.filter(pk__in=persons_holding(word, areas)).order_by()
    lived_in = people.filter(household__isnull=False).values("household_id")
    headed = Household.objects.filter(head_person__in=persons_holding(word, areas)).order_by()
    return homes.values("pk").union(lived_in, headed.values("pk"))


def cases_holding(word: str, areas: Sequence[str]) -> QuerySet[AssistanceCase, Any]:
    """The ids of the cases of these areas whose number holds the word, and of those of persons of these areas with such a name."""
    cases = AssistanceCase.objects.filter(within(areas)).order_by()
    numbered = cases.filter(holding_word("case_no", word, is_number=True))
    of_persons = cases.filter(subject_person__in=persons_holding(word, areas))
    return numbered.values("pk").union(of_persons.values("pk"))


def visits_holding(word: str, areas: Sequence[str]) -> QuerySet[Visit, Any]:
    """The ids of the visits of these areas to persons with such a name, homes with such an address and employers with such a name."""
    visits = Visit.objects.filter(within(areas)).order_by()
    texts = Q(pk__in=may_hold("ledgers_household", word, areas))
    homes = Household.objects.filter(within(areas), texts, holding_word("address", word))
    firms = Employer.objects.filter(within(areas), holding_word("name", word))
    to_persons = visits.filter(person__in=persons_holding(word, areas))
    to_homes = visits.filter(household__in=homes.order_by().values("pk"))
    to_firms = visits.filter(employer__in=firms.order_by().values("pk"))
    return to_persons.values("pk").union(to_homes.values("pk"), to_firms.values("pk"))
