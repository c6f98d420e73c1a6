"""The keys of the rule table: purpose, words, unit and clause of each, which values fit, who may change them (rules.md, Rule table)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server.ledgers.definitions.vocabulary import Family

_LONGEST_LIST: Final = 12


class Topic(models.TextChoices):
    """What a rule is for; lists of rules are grouped by it, in this order."""

    CATEGORIES = "categories", _("Assistance categories")
    AGES = "ages", _("Ages and retirement")
    CASES = "cases", _("Unemployment and cases")
    VISITS = "visits", _("Visits")
    RECORDS = "records", _("Vacancies, petitions and proofs of life")
    OFFICES = "offices", _("Offices and moves")
    DISCLOSURE = "disclosure", _("Looking behind masks")
    REPORTS = "reports", _("Reports")


class Changer(IntEnum):
    """Who may change a rule: the most digits that the area has for which somebody holds the role."""

    RELEASE = -1  # nobody: the ledgers are rebuilt by whoever installs another value
    PROVINCE = 2  # administrators of a province or of everywhere
    COUNTY = 6  # administrators of a county or of more
    STREET = 12  # also street staff and administrators, each for the own area


class UnfitValue(ValueError):
    """The value is not of the kind that the rule takes; the message says which is, in the reader's language."""


@dataclass(frozen=True, slots=True)
class RuleKey:
    """One key of the rule table."""

    key: str
    topic: Topic
    label: str | Promise
    unit: str | Promise
    """What a number counts; "" for values that are words."""
    clause: str = ""
    """The text that the value comes from; "" for the office's own choice."""
    changer: Changer = Changer.PROVINCE
    least: int = 0
    most: int = 0
    """Bounds of a number; both 0 where only words fit."""
    words: tuple[tuple[str, str | Promise], ...] = ()
    """Values that are no number → their meaning."""
    is_list: bool = False
    """Whether it takes several numbers, each larger than the one before."""
    pattern: str = ""
    """What a value looks like that is neither."""
    families: tuple[str, ...] = ()
    """The families whose rows rest on it; empty where no row does."""
    by_record: bool = False
    """Whether the area that counts is that of each record, not that of the row."""

    def fitting(self, value: str) -> str:
        """The value in one spelling. Raises UnfitValue."""
        parts = value.split()
        if any(word == value.strip() for word, _meaning in self.words):
            return value.strip()
        if self.pattern and re.fullmatch(self.pattern, value.strip()):
            return value.strip()
        if self.most and 1 <= len(parts) <= (_LONGEST_LIST if self.is_list else 1):
            numbers = [_number(part) for part in parts]
            rises = all(a < b for a, b in pairwise(numbers))
            if rises and self.least <= numbers[0] and numbers[-1] <= self.most:
                return " ".join(map(str, numbers))
        raise UnfitValue(str(self.takes))

    @property
    def takes(self) -> str:
        """Which values fit, in the reader's language."""
        ways = [f"{word} ({meaning})" for word, meaning in self.words]
        if self.pattern:
            ways.append(str(_("the 2 to 6 leading digits of a division code")))
        if self.most:
            text = (
                _("whole numbers from {least} to {most}, each larger than the one before")
                if self.is_list
                else _("a whole number from {least} to {most}")
            )
            ways.append(str(text).format(least=self.least, most=self.most))
        return str(_(" or ")).join(ways)

    def in_words(self, value: str) -> str:
        """A value as people read it: with its unit, or what the word means."""
        meaning = dict(self.words).get(value)
        if meaning is not None:
            return str(meaning)
        return f"{value.replace(' ', '、')} {self.unit}".strip()


def _number(text: str) -> int:
    """A number of few digits; -1 for any other text, which no rule takes."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else -1


_PEOPLE: Final = (str(Family.PERSON), str(Family.HOUSEHOLD))
_YEARS, _MONTHS, _DAYS, _TIMES = _("years"), _("months"), _("calendar days"), _("times")
_RETIREMENT: Final = (("retirement", _("until retirement")),)
_OF_2023: Final = "粤人社规〔2023〕11号"
_OF_2005: Final = "粤劳社[2005]21号"
_ZERO_EMPLOYMENT: Final = "劳社部发〔2007〕24号"


def _until(
    purpose: str, sex: str, label: str | Promise, clause: str, *words: tuple[str, str | Promise]
) -> RuleKey:
    key = f"working_age_until.{purpose}.{sex}"
    return RuleKey(
        key, Topic.AGES, label, _YEARS, clause,
        least=40, most=75, words=words, families=_PEOPLE,
    )  # fmt: skip


def _visits(
    plan: str, label: str | Promise, families: tuple[str, ...], clause: str = ""
) -> RuleKey:
    return RuleKey(
        f"visit_due.{plan}", Topic.VISITS, label, _DAYS, clause, Changer.STREET,
        least=1, most=730, families=families,
    )  # fmt: skip


def _report(level: str, label: str | Promise, changer: Changer) -> RuleKey:
    return RuleKey(
        f"report_due.{level}", Topic.REPORTS, label, _DAYS, changer=changer, least=1, most=60
    )


def _limit(key: str, label: str | Promise, unit: str | Promise, most: int) -> RuleKey:
    return RuleKey(key, Topic.DISCLOSURE, label, unit, changer=Changer.COUNTY, least=1, most=most)


_ALL: Final = (
    RuleKey(
        "category_set", Topic.CATEGORIES, _("Set of assistance categories"), "",
        f"{_OF_2005}, {_OF_2023}", words=(("A", _("set A of 2005")), ("B", _("set B of 2023"))),
        families=_PEOPLE,
    ),
    RuleKey(
        "category_hukou", Topic.CATEGORIES, _("Hukou that a category asks for"), "", _OF_2023,
        pattern=r"[1-9]\d(\d\d){0,2}", families=_PEOPLE,
    ),
    RuleKey("older.m", Topic.CATEGORIES, _("4050: age of men"), _YEARS, _OF_2005,
            least=30, most=65, families=_PEOPLE),
    RuleKey("older.f", Topic.CATEGORIES, _("4050: age of women"), _YEARS, _OF_2005,
            least=30, most=65, families=_PEOPLE),
    RuleKey("working_age_from", Topic.AGES, _("Working age begins"), _YEARS, "劳动法 15",
            least=14, most=20, families=_PEOPLE),
    _until("stat", "m", _("Working age in statistics ends, men"), "统计口径"),
    _until("stat", "f", _("Working age in statistics ends, women"), "统计口径"),
    _until("registration", "m", _("Working age for registration ends, men"), ""),
    _until("registration", "f", _("Working age for registration ends, women"), ""),
    _until("assistance", "m", _("Working age for assistance ends, men"), _OF_2023, *_RETIREMENT),
    _until("assistance", "f", _("Working age for assistance ends, women"), _OF_2023, *_RETIREMENT),
    _until("zero_emp", "m", _("Working age in zero-employment households ends, men"), _ZERO_EMPLOYMENT),
    _until("zero_emp", "f", _("Working age in zero-employment households ends, women"), _ZERO_EMPLOYMENT),
    RuleKey("retirement_of_women", Topic.AGES, _("Retirement of women before delay"), _YEARS, "国发〔1978〕104号",
            words=(("50", _("50 years, as workers")), ("55", _("55 years, as cadres"))), families=_PEOPLE),
    RuleKey("retirement_reform", Topic.AGES, _("Delayed retirement"), "",
            "国务院关于渐进式延迟法定退休年龄的办法",
            words=(("1", _("in force")), ("0", _("not in force"))), families=_PEOPLE),
    RuleKey("long_unemployed_months", Topic.CASES, _("Long-term unemployed after"), _MONTHS, _OF_2023,
            least=1, most=60, families=_PEOPLE),
    RuleKey("new_entrant_until", Topic.CASES, _("New entrants are younger than"), _YEARS,
            least=17, most=40, families=_PEOPLE),
    RuleKey("stable_months", Topic.CASES, _("A job is stable after"), _MONTHS,
            least=1, most=36, families=_PEOPLE),
    RuleKey("zero_emp_stable_months", Topic.CASES, _("A zero-employment household is stable after"), _MONTHS,
            _ZERO_EMPLOYMENT, least=1, most=36, families=_PEOPLE),
    RuleKey("stale_months", Topic.CASES, _("A case is stale without a visit for"), _MONTHS,
            changer=Changer.STREET, least=1, most=60, families=_PEOPLE),
    _visits("candidate", _("First visit of a candidate within"), _PEOPLE),
    _visits("certified", _("Days between visits of a certified case"), _PEOPLE),
    RuleKey("visit_due.placed_months", Topic.VISITS, _("Follow-up visits after a placement"), _MONTHS,
            changer=Changer.STREET, least=1, most=24, is_list=True, families=(*_PEOPLE, "offer")),
    _visits("registered", _("Days between visits of registered unemployed"), _PEOPLE),
    _visits("retired", _("Days between visits of retired persons"), ()),
    _visits("retired_special", _("Days between visits of retired persons of a special class"), ()),
    _visits("employer", _("Days between visits of main employers"), ()),
    RuleKey("visit_attempts", Topic.VISITS, _("Visits in a row that meet nobody, then somebody is told"), _TIMES,
            changer=Changer.STREET, least=1, most=20, families=_PEOPLE),
    RuleKey("place_slack_m", Topic.VISITS, _("A visit may be off the known place by"), _("metres"),
            changer=Changer.STREET, least=10, most=20_000,
            families=(str(Family.HOUSEHOLD), str(Family.VISIT)), by_record=True),
    RuleKey("vacancy_days", Topic.RECORDS, _("A vacancy expires after"), _DAYS,
            changer=Changer.STREET, least=1, most=365, families=(str(Family.VACANCY),)),
    RuleKey("proof_of_life_months", Topic.RECORDS, _("A proof of life holds for"), _MONTHS,
            changer=Changer.COUNTY, least=1, most=60, families=(str(Family.RETIREE),)),
    RuleKey("petition_accept_days", Topic.RECORDS, _("A petition is accepted or refused within"), _DAYS, "信访条例 22",
            least=1, most=365, families=("petition",)),
    RuleKey("petition_reply_days", Topic.RECORDS, _("A petition is answered within"), _DAYS, "信访条例 33",
            least=1, most=365, families=("petition",)),
    RuleKey("petition_review_days", Topic.RECORDS, _("A petition is reviewed within"), _DAYS, "信访条例 34",
            least=1, most=365, families=("petition",)),
    RuleKey("office_digits", Topic.OFFICES, _("Digits of the division that keeps the ledgers"), "",
            changer=Changer.RELEASE, least=2, most=12),
    RuleKey("move_silence_days", Topic.OFFICES, _("Silence agrees to a move after"), _DAYS,
            changer=Changer.RELEASE, least=1, most=60),
    RuleKey("moves_a_day", Topic.OFFICES, _("Moves between two offices a day"), _TIMES,
            changer=Changer.COUNTY, least=1, most=1000),
    _limit("reveals_a_day", _("Values that one person may reveal a day"), _TIMES, 10_000),
    _limit("files_a_day", _("Files that one person may open a day"), _TIMES, 10_000),
    _limit("finds_an_hour", _("Searches by number that one person may make an hour"), _TIMES, 10_000),
    _limit("permit_days", _("An export permit is open for at most"), _DAYS, 90),
    _limit("permit_rows_alone", _("Rows from which a second person consents to an export"), _("rows in all"), 100_000),
    _report("community", _("Reports of communities are due after"), Changer.STREET),
    _report("street", _("Reports of streets are due after"), Changer.COUNTY),
    _report("county", _("Reports of counties are due after"), Changer.PROVINCE),
    _report("city", _("Reports of cities are due after"), Changer.PROVINCE),
    _report("province", _("Reports of provinces are due after"), Changer.PROVINCE),
)  # fmt: skip

RULE_KEYS: Final = {
    rule.key: rule for rule in sorted(_ALL, key=lambda rule: list(Topic).index(rule.topic))
}
"""Key → the rule, grouped by topic. A test holds these equal to the keys of the shipped table."""
