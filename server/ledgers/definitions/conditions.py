"""The conditions from which a person's flags follow, in words (rules.md, Assistance categories)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.core.labels import Label


class Condition(StrEnum):
    """A condition that a person meets on a day or does not."""

    WITHOUT_WORK = "without_work"
    ABLE = "able"
    WILLING = "willing"
    OF_4050 = "of_4050"
    OF_WORKING_AGE = "of_working_age"
    YOUNG = "young"
    NEVER_EMPLOYED = "never_employed"
    REGISTERED = "registered"
    LONG_WITHOUT_WORK = "long_without_work"
    HOME_WITHOUT_WORK = "home_without_work"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a condition reads, the columns of the person that it looks at, and the rule that it applies."""

    label: Label
    columns: tuple[str, ...]
    rules: tuple[str, ...] = ()  # keys of the rule table


WORDINGS: Final[Mapping[Condition, Wording]] = {
    Condition.WITHOUT_WORK: Wording(Label("未就业", "without work"), ("emp_status",)),
    Condition.ABLE: Wording(Label("有劳动能力", "able to work"), ("work_capacity",)),
    Condition.WILLING: Wording(Label("有就业愿望", "willing to work"), ("job_willing",)),
    Condition.OF_4050: Wording(
        Label("女满40、男满50周岁，未到退休年龄", "a woman of 40 or a man of 50, not yet retired"),
        ("birth_date", "sex"),
        ("older.m", "older.f"),
    ),
    Condition.OF_WORKING_AGE: Wording(
        Label("劳动年龄内", "of working age"),
        ("birth_date", "sex"),
        ("working_age_from", "working_age_until.stat.m", "working_age_until.stat.f"),
    ),
    Condition.YOUNG: Wording(
        Label("未满新成长劳动力的年龄上限", "younger than the limit for new entrants"),
        ("birth_date",),
        ("new_entrant_until",),
    ),
    Condition.NEVER_EMPLOYED: Wording(Label("从未就业", "never employed"), ("emp_status",)),
    Condition.REGISTERED: Wording(
        Label("已办失业登记", "registered as unemployed"), ("emp_status",)
    ),
    Condition.LONG_WITHOUT_WORK: Wording(
        Label("失业已满规定月数", "unemployed for the months of the rule"),
        ("emp_status",),
        ("long_unemployed_months",),
    ),
    Condition.HOME_WITHOUT_WORK: Wording(
        Label(
            "户籍所在家庭疑似或已认定为零就业家庭",
            "the household of the hukou is suspected or certified to be without work",
        ),
        ("in_zero_emp_hh",),
    ),
}
"""Every condition's wording."""
