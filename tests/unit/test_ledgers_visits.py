"""Visits, employers and vacancies: distance and its slack, size classes, expiry (rules.md, Visits)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.ledgers.folding.employers import size_class
from server.ledgers.folding.places import accuracy_m, distance_m
from server.ledgers.folding.visit import fold_visit
from tests.factories.contributions import History, at, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

HOME = [113.35, 23.13, 0.0, 10.0]
METRE = 360 / (2 * 3.141592653589793 * 6_371_008.8)  # in degrees of latitude


def north(metres, accuracy=None):
    """A point so many metres north of HOME."""
    point = [113.35, 23.13 + metres * METRE]
    return point if accuracy is None else [*point, 0.0, accuracy]


class Visited(History):
    def __init__(self, home=HOME):
        super().__init__()
        self.state("household", "x", "2026-01-10", {"loc": home})

    def visit(self, day="2026-03-10", *, links=None, flags=(), also=None, **values):
        number = self.submission()
        links = {"household": "x"} if links is None else links
        if also is not None:
            self.state("household", "x", day, also, submission=number)
        self.state("visit", "v", day, values, links=links, submission=number, flags=flags)
        return self

    def fold(self):
        return fold_contributions(self.contributions, "2026-06-01")

    def row(self):
        return row_of(self.fold(), "visit", "v")

    def raised(self):
        return [(item.kind, item.column, item.detail) for item in self.fold().raised]


@pytest.mark.parametrize(
    ("here", "home", "flagged"),
    [
        (north(299), north(0), False),
        (north(301), north(0), True),
        (north(319, 20.0), north(0), False),  # the visit's own accuracy is allowed for
        (north(321, 20.0), north(0), True),
        (north(309), HOME, False),  # and so is the home's
        (north(311), HOME, True),
        (north(329, 20.0), HOME, False),
        (north(331, 20.0), HOME, True),
    ],
)
def test_a_visit_beyond_the_slack_is_an_exception(here, home, flagged):
    visited = Visited(home).visit(loc=here)
    assert [kind for kind, _column, _detail in visited.raised()] == ["location_mismatch"] * flagged
    distance = float(visited.row()["loc_distance_m"])
    assert distance == pytest.approx(distance_m(here, home), abs=0.01)
    if flagged:
        (_kind, column, detail) = visited.raised()[0]
        allowed = 300 + sum(point[3] for point in (here, home) if len(point) > 3)
        assert (column, detail) == ("loc", {"metres": round(distance), "allowed": allowed})


@pytest.mark.parametrize(("mode", "count"), [("1", 1), ("2", 0), ("3", 0)])
def test_only_a_visit_at_the_door_must_be_there(mode, count):
    visited = Visited().visit(loc=north(5000), mode=mode)
    assert len(visited.raised()) == count
    assert visited.row()["loc_distance_m"] == "5000.00"


def test_a_visit_is_not_measured_against_its_own_point():
    visited = Visited().visit(loc=north(1000, 1.0), also={"loc": north(1000, 1.0)})
    assert visited.row()["loc_distance_m"] == "1000.00"
    alone = History()
    number = alone.submission()
    alone.state("household", "x", "2026-03-10", {"loc": HOME}, submission=number)
    links = {"household": "x"}
    alone.state("visit", "v", "2026-03-10", {"loc": HOME}, links=links, submission=number)
    row = row_of(fold_contributions(alone.contributions, "2026-06-01"), "visit", "v")
    assert "loc_distance_m" not in row


def test_later_points_do_not_change_a_distance():
    visited = Visited().visit(loc=north(100))
    visited.state("household", "x", "2026-03-11", {"loc": north(100, 1.0)})
    assert visited.row()["loc_distance_m"] == "100.00"
    visited.state("household", "x", "2026-03-09", {"loc": north(90, 1.0)})
    assert visited.row()["loc_distance_m"] == "10.00"


def test_a_visit_without_a_point_or_a_known_home_has_no_distance():
    assert "loc_distance_m" not in Visited().visit(outcome="1").row()
    elsewhere = Visited().visit(loc=HOME, links={"household": "y"})
    assert "loc_distance_m" not in elsewhere.row()
    assert elsewhere.row()["household_id"] == uuid_of("household y")  # a key stands for itself


def test_a_visit_to_a_person_is_measured_against_the_home():
    visited = Visited()
    number = visited.contributions[0].submission_id
    visited.state(
        "person", "a", "2026-01-10", {"name": "陈一"}, links={"member_of": "x"}, submission=number
    )
    visited.state("person", "b", "2026-01-10", {"name": "李二"})
    visited.visit(loc=north(50), links={"person": "a"})
    row = visited.row()
    assert (row["person_id"], row["household_id"]) == (uuid_of("person a"), None)
    assert row["loc_distance_m"] == "50.00"
    homeless = Visited()
    homeless.state("person", "b", "2026-01-10", {"name": "李二"})
    assert "loc_distance_m" not in homeless.visit(loc=HOME, links={"person": "b"}).row()


def test_remarks_of_the_submission_are_raised_at_its_visit():
    visited = Visited().visit(outcome="1", flags=("clock", "outside_area"))
    assert visited.raised() == [("clock", "", {}), ("location_mismatch", "area_code", {})]
    assert visited.row()["visited_at"] == at("2026-03-10").isoformat()
    visited.decide("visit", "v", "2026-03-11", outcome="3")
    assert len(visited.raised()) == 2
    assert visited.row()["visited_at"] == at("2026-03-10").isoformat()


def test_a_visit_exactly_within_the_slack_is_no_exception():
    visited = Visited(north(0)).visit(loc=north(0))
    home, visit = visited.contributions
    builder = fold_visit("v", [visit], {}, [home], slack_m=0)
    assert builder.row["loc_distance_m"] == "0.00"
    assert builder.raised == []


def test_a_visit_is_what_its_record_states():
    visited = Visited().visit(outcome="1", visited_at="2026-03-10T08:00:00+08:00")
    visited.decide("visit", "v", "2026-03-11", outcome="3")
    assert visited.row()["outcome"] == "3"
    assert visited.row()["household_id"] == uuid_of("household x")
    assert visited.row()["visited_at"] == "2026-03-10T08:00:00+08:00"
    visited.decide("visit", "v", "2026-03-12", void=True)
    assert visited.fold().rows["visit"] == []


@pytest.mark.parametrize(
    ("point", "accuracy"),
    [
        ([113.35, 23.13], 0),
        ([113.35, 23.13, 8.0], 0),
        ([113.35, 23.13, 8.0, None], 0),
        ([113.35, 23.13, None, 12.0], 12),
        ([113.35, 23.13, 8.0, 12.0], 12),
    ],
)
def test_the_accuracy_that_a_point_carries(point, accuracy):
    assert accuracy_m(point) == accuracy


def test_metres_between_two_points():
    guangzhou, shenzhen = [113.2644, 23.1291], [114.0579, 22.5431]
    assert distance_m(guangzhou, shenzhen) == pytest.approx(104_180, abs=100)
    assert distance_m(guangzhou, guangzhou) == 0
    assert distance_m([0, 0], [180, 0]) == pytest.approx(20_015_115, abs=1)


# --- employers ---


@pytest.mark.parametrize(
    ("staff", "size"),
    [
        (-1, "1"),
        (0, "1"),
        (9, "1"),
        (10, "2"),
        (49, "2"),
        (50, "3"),
        (299, "3"),
        (300, "4"),
        (301, "4"),
    ],
)
def test_size_classes(staff, size):
    assert size_class(staff) == size
    history = History()
    history.state("employer", "e", "2026-01-10", {"name": "甲厂", "n_staff": staff})
    result = fold_contributions(history.contributions, "2026-06-01")
    assert row_of(result, "employer", "e")["scale"] == size


@pytest.mark.parametrize(
    ("values", "org_code"),
    [
        ({"uscc": "91110000600037341L"}, "600037341"),
        ({"uscc": "91110000600037341L", "org_code": "123456789"}, "123456789"),
        ({"uscc": "9111000060003734"}, None),
        ({"name": "甲厂"}, None),
    ],
)
def test_a_credit_code_holds_the_organisation_code(values, org_code):
    history = History()
    history.state("employer", "e", "2026-01-10", {"loc": HOME, **values}, flags=("bad_uscc",))
    result = fold_contributions(history.contributions, "2026-06-01")
    row = row_of(result, "employer", "e")
    assert (row.get("org_code"), row["loc"], row.get("scale")) == (org_code, HOME, None)
    assert [(item.kind, item.column) for item in result.raised] == [("bad_id", "uscc")]


def test_a_void_employer_has_no_row():
    history = History()
    history.state("employer", "e", "2026-01-10", {"name": "甲厂"})
    history.decide("employer", "e", "2026-01-11", void=True)
    assert fold_contributions(history.contributions, "2026-06-01").rows["employer"] == []


# --- vacancies ---


def vacancy(as_of, *, acts=(), **values):
    history = History()
    links = {"employer": "e"}
    history.state("vacancy", "v", "2026-03-01", {"title": "保安", **values}, links=links)
    for place, act in enumerate(acts):
        history.decide("vacancy", "v", f"2026-03-{place + 2:02}", state=act)
    return fold_contributions(history.contributions, as_of)


@pytest.mark.parametrize(
    ("values", "last_day"),
    [({}, date(2026, 3, 31)), ({"expires_on": "2026-06-15"}, date(2026, 6, 15))],
)
def test_a_vacancy_expires_on_the_day_after_its_last(values, last_day):
    for as_of, state in ((-1, "1"), (0, "1"), (1, "6")):
        result = vacancy(last_day + timedelta(days=as_of), **values)
        row = row_of(result, "vacancy", "v")
        assert (row["state"], row["expires_on"]) == (state, last_day.isoformat())
        assert row["refold_on"] == (None if state == "6" else last_day + timedelta(days=1))


@pytest.mark.parametrize(
    ("acts", "before", "after"),
    [
        (["2"], "2", "6"),
        (["3"], "3", "6"),
        (["4"], "4", "6"),
        (["5"], "5", "5"),
        (["7"], "7", "7"),
        (["6"], "1", "6"),  # nobody expires what was only reported: an exception
    ],
)
def test_what_is_filled_or_withdrawn_does_not_expire(acts, before, after):
    dates = {"expires_on": "2026-06-15"}
    result = vacancy("2026-06-15", acts=acts, **dates)
    row = row_of(result, "vacancy", "v")
    assert row["state"] == before
    assert row["refold_on"] == (date(2026, 6, 16) if before not in "57" else None)
    assert row_of(vacancy("2026-06-16", acts=acts, **dates), "vacancy", "v")["state"] == after
    assert [item.column for item in result.raised] == ["state"] * (acts == ["6"])
    assert ("state" in row["origins"].get("-2", [])) is (acts != ["6"])


def test_a_vacancy_counts_from_the_last_statement():
    history = History()
    history.state("vacancy", "v", "2026-03-01", {"title": "保安"})
    history.state("vacancy", "v", "2026-04-01", {"n_wanted": 2}, links={"employer": "e"})
    result = fold_contributions(history.contributions, "2026-04-02")
    row = row_of(result, "vacancy", "v")
    assert (row["expires_on"], row["employer_id"]) == ("2026-05-01", uuid_of("employer e"))
    assert (row["source"], row["is_public_welfare"], row["n_filled"]) == ("2", False, 0)
    assert row["vacancy_no"] == f"440106003001-{row['id'][:8].upper()}"


def test_a_void_vacancy_has_no_row():
    history = History()
    history.state("vacancy", "v", "2026-03-01", {"title": "保安"}, area="")
    result = fold_contributions(history.contributions, "2026-03-02")
    row = row_of(result, "vacancy", "v")
    assert row["vacancy_no"] == f"000000000000-{row['id'][:8].upper()}"
    history.decide("vacancy", "v", "2026-03-02", void=True)
    assert fold_contributions(history.contributions, "2026-03-02").rows["vacancy"] == []
