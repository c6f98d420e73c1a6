"""Hypothesis strategies: filled-in forms of a very small street, where everything collides with everything."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.factories.ledgers import Filled, id_number, uuid_of

_NAMES = st.sampled_from(["陈一", "李二", "王三"])
_DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 8, 1))
_ID = st.sampled_from(
    [
        "",
        id_number("1970-05-01", 1),
        id_number("1972-02-29", 2),
        id_number("2009-12-31", 3),
        "449901197005010000",
    ]
)


def _maybe(values):
    return st.one_of(st.just(""), values)


@st.composite
def people(draw, *, in_roster: bool = True):
    """A roster line, or what a home visit says of somebody."""
    key = draw(st.sampled_from(["", "a", "b", "c"]))
    line = {
        "person_id": uuid_of(key) if key else "",
        "name": draw(_NAMES),
        "id_no": draw(_ID),
        "birth_date": draw(_maybe(st.sampled_from(["1970-05-01", "1990-01-01"]))),
        "sex": draw(_maybe(st.sampled_from("12"))),
        "hukou_type": draw(_maybe(st.sampled_from(["10", "20"]))),
        "edu": draw(_maybe(st.sampled_from(["20", "70"]))),
        "phone": draw(_maybe(st.sampled_from(["020-00000001", "020-00000002"]))),
        "work_capacity": draw(_maybe(st.sampled_from("123"))),
        "job_willing": draw(_maybe(st.sampled_from("10"))),
        "emp_status": draw(_maybe(st.sampled_from(["10", "20", "21", "30", "31"]))),
        "spell.unemp_date": draw(_maybe(_DAYS.map(str))),
        "spell.employer_name": draw(_maybe(st.sampled_from(["甲厂", "乙厂"]))),
        "person_status": draw(_maybe(st.sampled_from("123"))),
    }
    if in_roster:
        line["relation"] = draw(st.sampled_from("012"))
        line["residence_kind"] = draw(_maybe(st.sampled_from("12345")))
    return line


@st.composite
def filled_forms(draw):
    """A survey, a home visit or an employer survey."""
    form = draw(st.sampled_from(["survey"] * 4 + ["home_visit"] * 2 + ["employer"]))
    day = draw(_DAYS)
    visit = {
        "outcome": draw(st.sampled_from(["1", "1", "2", "3", ""])),
        "mode": "1",
        "services": draw(_maybe(st.sampled_from(["1", "1 2"]))),
        "next_visit_on": draw(_maybe(_DAYS.map(str))),
    }
    places = st.sampled_from(
        ["23.1301 113.3501 0 8", "23.1302 113.3502 0 20", "23.1500 113.3501 0 8"]
    )
    filled = Filled(
        form=form,
        visited_at=f"{day}T{draw(st.sampled_from(['09:00:00', '23:30:00']))}+08:00",
        met_whom=draw(st.sampled_from("126")),
        community=draw(st.sampled_from(["440106003001", "440106003002"])),
        visit=visit,
    )
    if form == "survey":
        filled.household_id = uuid_of(draw(st.sampled_from(["x", "y", "z"])))
        filled.household = {
            "address": draw(st.sampled_from(["示范路1号", "示范路2号"])),
            "loc": draw(_maybe(places)),
            "dibao_status": draw(_maybe(st.sampled_from("01"))),
            "other_income": draw(_maybe(st.sampled_from("01"))),
        }
        filled.members = draw(st.lists(people(), max_size=3))
    elif form == "home_visit":
        filled.person_id = uuid_of(draw(st.sampled_from("abc")))
        filled.household_id = draw(_maybe(st.sampled_from([uuid_of("x"), uuid_of("y")])))
        filled.person = draw(people(in_roster=False))
        filled.person.pop("person_id")
        filled.visit["loc"] = draw(_maybe(places))
    else:
        filled.employer_id = draw(_maybe(st.sampled_from([uuid_of("e"), uuid_of("f")])))
        filled.household = {
            "name": draw(st.sampled_from(["甲厂", "乙厂"])),
            "uscc": draw(_maybe(st.just("91110000600037341L"))),
            "org_code": draw(_maybe(st.just("60003734-1"))),
            "n_staff": draw(_maybe(st.sampled_from(["5", "50"]))),
        }
        filled.members = [
            {
                "title": draw(st.sampled_from(["保安", "保洁"])),
                "n_wanted": draw(st.sampled_from(["1", "2"])),
                "expires_on": draw(_maybe(st.sampled_from(["2026-12-01", "2025-01-01"]))),
            }
            for _ in range(draw(st.integers(0, 2)))
        ]
    return filled
