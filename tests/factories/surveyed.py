"""Surveys of households, stated record by record, for tests of the fold."""

from __future__ import annotations

from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

SEEKS = {"emp_status": "21", "work_capacity": "1", "job_willing": True}
WORKS = {"emp_status": "10"}
FARMS = {"emp_status": "14"}
MAN = {"birth_date": "1970-05-01", "sex": "1", "residence_kind": "1"}


class Street(History):
    def survey(self, household, day, *, outcome="1", house=None, hour=9, **members):
        """A survey of a household: its members by name with what is stated of them."""
        number = self.submission()
        house = {"address": "示范路1号"} if house is None else house
        self.state("household", household, day, house, submission=number, hour=hour)
        for name, values in members.items():
            self.state(
                "person", name, day, {"name": name, **values}, links={"member_of": household},
                submission=number, hour=hour,
            )  # fmt: skip
        if outcome:
            self.state(
                "visit", f"visit {number}", day, {"outcome": outcome},
                links={"household": household}, submission=number, hour=hour,
            )  # fmt: skip
        return self

    def fold(self, as_of="2026-06-01"):
        return fold_contributions(self.contributions, as_of)

    def household(self, name="x", as_of="2026-06-01"):
        return row_of(self.fold(as_of), "household", name)

    def memberships(self, person, as_of="2026-06-01"):
        return sorted(
            (item.role, str(item.from_on), item.to_on and str(item.to_on))
            for item in self.fold(as_of).memberships
            if item.person == uuid_of(f"person {person}")
        )


YOUNG = {"birth_date": "1996-03-03", "sex": "1", "residence_kind": "1"}
SINCE_FEBRUARY = {"spell.unemp_date": "2026-02-01"}
DIBAO = {"dibao_status": "1", "other_income": True}


def cases(street, as_of="2026-11-27"):
    """(whose, state, opened, closed, reason, categories) of each case, in the order opened."""
    rows = street.fold(as_of).rows["case"]
    names = {uuid_of(f"person {name}"): name for name in "abc"} | {uuid_of("household x"): "x"}
    return sorted(
        (
            names[row.get("subject_person_id") or row.get("subject_household_id")],
            str(row["opened_on"]),
            str(row["state"]),
            row.get("closed_on") and str(row["closed_on"]),
            row.get("close_reason") and str(row["close_reason"]),
            row["category"],
        )
        for row in rows
    )


def states(row, column="state"):
    """(day, state, why) of the steps in a row's history."""
    return [(day, str(state), why) for day, state, _by, why in row["history"].get(column, [])]


def on_dibao(**values):
    """A household that receives the allowance, in which a seeks work, surveyed on 1 March 2026."""
    return Street().survey(
        "x", "2026-03-01", house=DIBAO, a=YOUNG | SEEKS | SINCE_FEBRUARY | values
    )
