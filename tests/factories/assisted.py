"""A person of an assistance case, stated record by record, for tests of the fold."""

from __future__ import annotations

from datetime import date, timedelta

from tests.factories.contributions import History, fold_contributions

MAN = {"birth_date": "1970-05-01", "sex": "1"}  # 4050 until 2031-10-01
SEEKING = {"emp_status": "21", "work_capacity": "1", "job_willing": True}
DAY = timedelta(days=1)


class Person(History):
    """A man of 55 who seeks work since 1 March 2026, as a record of 10 March says."""

    def __init__(self, **values):
        super().__init__()
        self.record("2026-03-10", **{**MAN, **SEEKING, "spell__unemp_date": "2026-03-01", **values})

    def record(self, day, **values):
        values = {column.replace("__", "."): value for column, value in values.items()}
        self.state("person", "a", day, values)
        return self

    def visit(self, day, outcome="1", **values):
        values = {"outcome": outcome, **values}
        number = self.submission()
        self.state(
            "visit", f"visit {number}", day, values, links={"person": "a"}, submission=number
        )
        return self

    def staff(self, day, **values):
        self.decide(
            "person", "a", day, **{f"case__{name}": value for name, value in values.items()}
        )
        return self

    def certified(self, day="2026-03-10"):
        for hour, state in enumerate("345", 13):
            self.decide("person", "a", day, hour, case__state=state)
        return self

    def cases(self, as_of):
        return [
            row
            for row in fold_contributions(self.contributions, as_of).rows["case"]
            if row.get("subject_person_id")
        ]

    def case(self, as_of):
        (row,) = self.cases(as_of)
        return row


def around(day):
    """The day before, the day, the day after."""
    day = date.fromisoformat(day)
    return [day - DAY, day, day + DAY]
