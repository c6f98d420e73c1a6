"""Rulings of the regulation as small stories: what phones and office staff say of one household or employer, and what the ledgers hold then.

All are folded together, once, as of `TODAY`. `p` is the person whom a story is about, `q` another;
a `home` has a head who works unless its story says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

TODAY: Final = date(2026, 11, 23)
SURVEYED: Final = "2026-11-16"
SEEKS: Final = {
    "emp_status": "21", "work_capacity": "1", "job_willing": "1", "hukou_type": "10",
    "spell.unemp_date": "2026-05-28",
}  # fmt: skip
WORKS: Final = {"emp_status": "10", "work_capacity": "1", "spell.start_on": "2020-01-01"}
RETIRED: Final = {"emp_status": "31", "work_capacity": "1", "job_willing": "0"}
MAN: Final = {"sex": "1", "birth_date": "1996-06-06"}
WOMAN: Final = {"sex": "2", "birth_date": "1991-01-01"}


@dataclass(frozen=True)
class Said:
    """One record: a survey of the home, a visit to `p`, a survey of the employer, or a desk act about an entry."""

    day: str
    people: dict[str, dict[str, Any]] = field(default_factory=dict)  # roster lines
    home: dict[str, Any] = field(default_factory=dict)
    visit: dict[str, Any] | None = None  # to p, with what it says of p in people
    employer: dict[str, Any] | None = None
    vacancies: tuple[dict[str, Any], ...] = ()
    desk: dict[str, Any] | None = None  # column → value
    of: str = "p"  # whom the desk act is about: p, q, home
    by: str = "1"  # list MW: who answered
    house: str = "a"  # which home, of a story with two
    with_head: bool = True


@dataclass(frozen=True)
class Ruling:
    """A story and what holds at its end."""

    kind: str
    text: str
    said: tuple[Said, ...]
    holds: dict[str, Any]


def of(kind: str, text: str, *said: Said, **holds: Any) -> Ruling:
    """A ruling; "__" in the name of what holds stands for a dot, as person__is_4050."""
    return Ruling(
        kind, text, said, {name.replace("__", "."): value for name, value in holds.items()}
    )


def survey(day: str = SURVEYED, *, home: dict[str, Any] | None = None, **p: Any) -> Said:
    """A survey of a home with a working head and `p`, who seeks work unless told otherwise."""
    line = {**SEEKS, **MAN, **{name.replace("__", "."): value for name, value in p.items()}}
    return Said(day, {"p": line}, home or {})


def pair(day: str, p: dict[str, Any], q: dict[str, Any], **home: Any) -> Said:
    """A survey of a home of two, without another head."""
    lines = {
        "p": {**SEEKS, **MAN, "relation": "0", **p},
        "q": {**SEEKS, **WOMAN, "relation": "1", **q},
    }
    return Said(day, lines, home, with_head=False)


def visited(day: str, outcome: str = "1", by: str = "1", **p: Any) -> Said:
    """A visit to `p`, with what it says of p."""
    line = {name.replace("__", "."): value for name, value in p.items()}
    return Said(day, {"p": line}, visit={"outcome": outcome, "mode": "1"}, by=by)


def took_work(day: str, since: str) -> Said:
    """A visit that tells of work."""
    return visited(day, emp_status="10", spell__start_on=since, spell__emp_form="1")


def decided(day: str, of: str = "p", **columns: Any) -> Said:
    """An act of office staff."""
    return Said(
        day, desk={name.replace("__", "."): value for name, value in columns.items()}, of=of
    )


def firm(day: str, *vacancies: dict[str, Any], **answers: Any) -> Said:
    """A survey of an employer."""
    return Said(day, employer=answers, vacancies=vacancies)


ON_DIBAO: Final = {"dibao_status": "1"}
APRIL: Final = survey("2026-04-10", home=ON_DIBAO, spell__unemp_date="2026-04-01")
"""Somebody on dibao who seeks work, so that a case is open since 10 April."""
BOTH_SEEK: Final = pair("2026-11-06", {}, {})
CODE: Final = "91110000600037341L"

RULINGS: Final = (
    of("age", "sixteen today is working age", survey(birth_date="2010-11-23"), household__n_working_age=2),
    of("age", "sixteen tomorrow is not", survey(birth_date="2010-11-24"), household__n_working_age=1),
    of("age", "a man of sixty today is beyond", survey(birth_date="1966-11-23", **RETIRED), household__n_working_age=1),
    of("age", "a man of sixty tomorrow is not", survey(birth_date="1966-11-24", **RETIRED), household__n_working_age=2),
    of("age", "a woman of fifty-five today is beyond", survey(birth_date="1971-11-23", **{**RETIRED, "sex": "2"}), household__n_working_age=1),
    of("age", "a woman of fifty-five tomorrow is not", survey(birth_date="1971-11-24", **{**RETIRED, "sex": "2"}), household__n_working_age=2),
    of("4050", "a man of fifty today", survey(birth_date="1976-11-23"), person__is_4050=True),
    of("4050", "a man of fifty tomorrow", survey(birth_date="1976-11-24"), person__is_4050=False),
    of("4050", "a woman of forty today", survey(birth_date="1986-11-23", sex="2"), person__is_4050=True),
    of("4050", "a woman of forty tomorrow", survey(birth_date="1986-11-24", sex="2"), person__is_4050=False),
    of("4050", "somebody unable to work", survey(birth_date="1970-01-01", work_capacity="3"), person__is_4050=False),
    of("4050", "somebody unwilling", survey(birth_date="1970-01-01", job_willing="0"), person__is_4050=False),
    of("4050", "a homemaker", survey(birth_date="1980-01-01", sex="2", emp_status="32"), person__is_4050=False),
    of("4050", "somebody laid off", survey(birth_date="1970-01-01", emp_status="22"), person__is_4050=True),
    of("4050", "somebody at work", survey(birth_date="1970-01-01", **WORKS), person__is_4050=False),
    of("long-term", "registered a year ago today", survey(emp_status="20", spell__unemp_date="2025-11-23"), person__long_term_unemployed=True),
    of("long-term", "registered a year ago tomorrow", survey(emp_status="20", spell__unemp_date="2025-11-24"), person__long_term_unemployed=False),
    of("long-term", "registered on 29 February", survey(emp_status="20", spell__unemp_date="2024-02-29"), person__long_term_unemployed=True),
    of("long-term", "without work for years, not registered", survey(spell__unemp_date="2024-06-01"), person__long_term_unemployed=False),
    of("category", "on dibao", survey(home=ON_DIBAO), categories=["B03"]),
    of("category", "all land lost", survey(home={"land_lost_share": "3"}), categories=["B06"]),
    of("category", "registered for more than a year", survey(emp_status="20", spell__unemp_date="2025-06-01"), categories=["B07"]),
    of("category", "released from prison", survey(spell__unemp_reason="11"), categories=["B09"]),
    of("category", "a veteran for less than half a year", survey(spell__unemp_reason="10", spell__unemp_date="2026-06-06"), categories=[]),
    of("category", "a man over fifty", survey(birth_date="1975-05-05"), categories=["B01"]),
    of("category", "unwilling", survey(home=ON_DIBAO, job_willing="0"), categories=[]),
    of("category", "unable", survey(home=ON_DIBAO, work_capacity="3"), categories=[]),
    of("category", "at work", survey(home=ON_DIBAO, **WORKS), categories=[]),
    of("category", "a willing homemaker on dibao", survey(home=ON_DIBAO, emp_status="32"), categories=["B03"]),
    of("category", "a student", survey(home=ON_DIBAO, emp_status="30", job_willing="0"), categories=[]),
    of("zero employment", "both seek work", BOTH_SEEK, household__zero_emp_state="1", person__in_zero_emp_hh=True),
    of("zero employment", "one takes work while it is suspected", pair("2026-11-06", {}, {}), took_work("2026-11-11", "2026-11-08"),
       household__zero_emp_state="0", household__n_employed=1, person__in_zero_emp_hh=False),
    of("zero employment", "other income", pair("2026-11-06", {}, {}, other_income="1"), household__zero_emp_state="0"),
    of("zero employment", "all are retired", pair("2026-11-06", {"birth_date": "1962-01-01", **RETIRED}, {"birth_date": "1965-01-01", **RETIRED}), household__zero_emp_state="0"),
    of("zero employment", "an urban farmer works", pair("2026-11-06", {"emp_status": "14"}, {}), household__zero_emp_state="0"),
    of("zero employment", "a rural one works away", pair("2026-11-06", {"emp_status": "15", "hukou_type": "20"}, {"emp_status": "14", "hukou_type": "20"}), household__zero_emp_state="0"),
    of("zero employment", "a hukou member elsewhere works", Said("2026-11-06", {
        "p": {**SEEKS, **MAN, "relation": "0"}, "q": {**WORKS, **WOMAN, "residence_kind": "3"}}, with_head=False), household__zero_emp_state="0"),
    of("zero employment", "a willing homemaker counts", Said("2026-11-06", {"p": {**SEEKS, **WOMAN, "relation": "0", "emp_status": "32"}}, with_head=False), household__zero_emp_state="1"),
    of("zero employment", "an unwilling one does not", Said("2026-11-06", {"p": {**SEEKS, **WOMAN, "relation": "0", "emp_status": "32", "job_willing": "0"}}, with_head=False), household__zero_emp_state="0"),
    of("zero employment", "a prisoner does not count", pair("2026-11-06", {"emp_status": "35", "job_willing": ""}, {}), household__zero_emp_state="1", household__n_able_willing=1),
    of("zero employment", "one works", pair("2026-11-06", WORKS, {}), household__zero_emp_state="0", household__n_employed=1),
    of("zero employment", "hukou of both kinds", pair("2026-11-06", {}, {"hukou_type": "20"}), household__zero_emp_state="1"),
    of("identity", "a birth in the future is no number's", survey(id_no="449901203001010010", birth_date=""), raised={"bad_id"}),
    of("identity", "the check character in small letters", survey(id_no="44990119650101018x", birth_date="", sex=""), person__birth_date="1965-01-01", person__sex="2"),
    of("identity", "an old number of 1938", survey(id_no="449901380506001", birth_date="", sex=""), person__birth_date="1938-05-06", person__sex="1"),
    of("identity", "a wrong check digit is asked about", survey(id_no="449901196501010017"), raised={"bad_id"}),
    of("identity", "a lunar birthday", survey("2026-08-01", birth_date="1990-08-15", birth_is_lunar="1", **WORKS), person__birth_date="1990-10-03", person__birth_is_lunar=True),
    of("identity", "dots in a name are written alike", survey("2026-03-01", name="买买提·艾力", **WORKS), survey("2026-08-01", name="买买提•艾力", **WORKS), raised=set()),
    of("identity", "registered in two homes", survey("2026-03-01", **WORKS), Said("2026-08-01", {"p": {**WORKS, **MAN}}, house="b"), raised={"two_hukou_households"}),
    of("identity", "registered in one home and living in another", survey("2026-03-01", residence_kind="3", **WORKS),
       Said("2026-08-01", {"p": {**WORKS, **MAN, "residence_kind": "2"}}, house="b"), raised=set(), memberships=2),
    of("merge", "an answer of others does not replace one's own", survey("2026-03-01", **WORKS),
       Said("2026-09-01", {"p": {**WORKS, **MAN, "work_capacity": "2"}}, by="6"), person__work_capacity="1", raised={"conflict"}),
    of("merge", "hardships add up", survey("2026-03-01", home={"hardship": "1"}), survey("2026-09-01", home={"hardship": "3"}), household__hardship=["1", "3"]),
    of("merge", "spells meet", survey("2026-03-01", spell__unemp_date="2026-01-01"), survey("2026-09-01", **{**WORKS, "spell.start_on": "2026-07-01"}),
       person__emp_status="10", spells=[("2", "2026-01-01", "2026-07-01"), ("1", "2026-07-01", None)]),
    of("merge", "the better place stays", survey("2026-03-01", home={"loc": "23.1 113.3 0 5"}), survey("2026-09-01", home={"loc": "23.2 113.4 0 50"}), household__loc_accuracy="5.00"),
    of("merge", "skills add up", survey("2026-03-01", skills="焊工"), survey("2026-09-01", skills="电工"), person__skills="焊工；电工"),
    of("merge", "work said twice is one spell", survey("2026-03-01", **WORKS), survey("2026-09-01", **WORKS), spells=[("1", "2020-01-01", None)]),
    of("merge", "the kind of household changes", survey("2026-03-01", home={"kind": "1"}), survey("2026-09-01", home={"kind": "2"}), household__kind="2"),
    of("merge", "missing on the later roster", survey("2026-03-01", **WORKS), Said("2026-09-01"), household__n_members=1, memberships=0, raised={"off_the_roster"}),
    of("merge", "a disability said by mistake", survey("2026-03-01", health="6", disability="4"), survey("2026-09-01", health="1"), person__disability=None, categories=[]),
    of("merge", "no longer willing: no wish", survey("2026-03-01", wish_job="4"), survey("2026-09-01", emp_status="32", job_willing="0"), person__job_willing=False, person__wish_job=None),
    of("visit", "registered, without a case", survey("2026-10-01", emp_status="20", spell__unemp_date="2026-09-01"), person__visit_due="2026-12-30"),
    of("visit", "nobody at home again and again", APRIL, *(visited(f"2026-05-{day}", "3") for day in ("10", "20", "30")), raised={"not_met"}),
    of("visit", "they have moved", APRIL, visited("2026-05-05", "6"), raised={"move_reported"}),
    of("case", "visited once: due in thirty days", APRIL, visited("2026-04-15"), case__last_visit="2026-04-15", case__next_due="2026-05-15"),
    of("case", "nobody met is no visit", APRIL, visited("2026-04-15"), visited("2026-05-10", "3"), case__last_visit="2026-04-15"),
    of("case", "placed: due after a month", APRIL, took_work("2026-06-21", "2026-06-16"),
       case__placed_on="2026-06-16", case__placed_form="1", case__next_due="2026-07-16", case__closed_on=None),
    of("case", "six months of work today", APRIL, took_work("2026-05-26", "2026-05-23"), case__state="9", case__close_reason="1", case__closed_on="2026-11-23"),
    of("case", "six months of work tomorrow", APRIL, took_work("2026-05-26", "2026-05-24"), case__closed_on=None),
    of("case", "six months from 31 August", survey("2025-07-01", home=ON_DIBAO, spell__unemp_date="2025-06-01"), took_work("2025-09-05", "2025-08-31"), case__state="9", case__closed_on="2026-02-28"),
    of("case", "a visit finds a death", APRIL, visited("2026-08-05", "7"), person__person_status="3", case__state="9", case__close_reason="7", raised={"death_reported"}),
    of("case", "without work again after six months", APRIL, took_work("2026-04-20", "2026-04-15"), visited("2026-11-20", emp_status="21", spell__unemp_date="2026-11-10"), cases=2),
    of("case", "the spouse says unwilling", APRIL, visited("2026-05-05", by="2", job_willing="0"), person__job_willing=False, case__closed_on=None),
    of("case", "a year of registration ends: due a week after", survey("2026-10-14", emp_status="20", spell__unemp_date="2025-11-21"),
       categories=["B07"], case__opened_on="2026-11-21", case__next_due="2026-11-28"),
    of("case", "dibao ends", survey("2026-03-01", home=ON_DIBAO), survey("2026-09-01", home={"dibao_status": "0"}), cases=1, case__state="9", case__close_reason="9"),
    of("case", "dibao ends after six months of work", survey("2025-11-01", home=ON_DIBAO, spell__unemp_date="2025-10-01"), took_work("2026-01-20", "2026-01-15"),
       survey("2026-10-01", home={"dibao_status": "0"}, **{**WORKS, "spell.start_on": "2026-01-15"}), cases=1, case__state="9", case__close_reason="1", case__closed_on="2026-07-15"),
    of("case", "off the roster", survey("2026-03-01", home=ON_DIBAO), Said("2026-09-01", home=ON_DIBAO), cases=1, raised={"off_the_roster"}),
    of("case", "death at the desk", APRIL, decided("2026-06-01", person_status="3"), person__person_status="3", case__state="9", case__close_reason="7", case__next_due=None, household__n_members=1),
    of("case", "certified, with its day", APRIL, *(decided(f"2026-06-0{state}", case__state=state) for state in "2345"), case__certified_on="2026-06-05"),
    of("household case", "surveyed again: its first day stays", pair("2026-03-01", {}, {}), pair("2026-09-01", {}, {}), home_cases=["2026-03-01"]),
    of("household case", "one takes work: all cases stay", pair("2026-03-01", {}, {}), pair("2026-09-01", {}, {}), took_work("2026-10-02", "2026-10-01"), home_cases=["2026-03-01"], cases=1),
    of("household case", "certified, then helped", pair("2026-03-01", {}, {}), *(decided(f"2026-04-0{state}", of="home", zero_emp_state=state) for state in "234"),
       took_work("2026-11-22", "2026-11-21"), household__zero_emp_state="5", home_cases=["2026-03-01"]),
    of("household case", "three months of work: stable", pair("2026-03-01", {}, {}), *(decided(f"2026-04-0{state}", of="home", zero_emp_state=state) for state in "234"),
       took_work("2026-07-02", "2026-07-01"), household__zero_emp_state="6"),
    of("employer", "an old code, and the credit code that holds it", firm("2026-03-01", name="旧码三厂", org_code="60003734-1", n_staff="300"),
       firm("2026-09-01", name="旧码三厂", uscc=CODE, n_staff="299"), employers=1, employer__uscc=CODE, employer__scale="3"),
    of("employer", "vacancies expire on the day after", firm("2026-10-28", {"title": "过期岗", "expires_on": "2026-11-22"}, {"title": "末日岗", "expires_on": "2026-11-23"}, name="空岗四厂"),
       vacancies={"过期岗": "6", "末日岗": "1"}),
    of("employer", "the same post again is one vacancy", firm("2026-03-01", {"title": "保安", "n_wanted": "2", "expires_on": "2026-03-31"}, name="同岗五厂", uscc="911100000000000051"),
       firm("2026-10-28", {"title": "保安", "n_wanted": "5", "expires_on": "2026-11-27"}, name="同岗五厂", uscc="911100000000000051"), employers=2),
    of("category", "disabled", survey(health="6", disability="4"), categories=["B02"]),
    of("category", "disabled and on dibao", survey(home=ON_DIBAO, health="6", disability="4"), categories=["B02", "B03"]),
    of("category", "most of the land lost", survey(home={"land_lost_share": "2"}), categories=[]),
    of("category", "a veteran for half a year today", survey(spell__unemp_reason="10", spell__unemp_date="2026-05-23"), categories=["B11"]),
    of("category", "a veteran for half a year tomorrow", survey(spell__unemp_reason="10", spell__unemp_date="2026-05-24"), categories=[]),
    of("category", "registered for a year tomorrow", survey(emp_status="20", spell__unemp_date="2025-11-24"), categories=[]),
    of("category", "sixteen tomorrow: too young", survey(home=ON_DIBAO, birth_date="2010-11-24"), categories=[]),
    of("category", "sixteen today", survey(home=ON_DIBAO, birth_date="2010-11-23"), categories=["B03"], case__opened_on="2026-11-23"),
    of("category", "a soldier", survey(home=ON_DIBAO, emp_status="34", job_willing=""), categories=[]),
    of("zero employment", "the only one who works dies", pair("2026-11-06", WORKS, {}), decided("2026-11-10", person_status="3"), household__zero_emp_state="1"),
    of("identity", "full width digits", survey(id_no="４４９９０１１９６６０２０２００４５", birth_date="", sex=""), person__birth_date="1966-02-02", raised=set()),
    of("identity", "spaces in a number", survey(id_no="449901 19660202 0061", birth_date="", sex=""), person__birth_date="1966-02-02"),
    of("identity", "another name under the same number", survey("2026-03-01", id_no="449901196602020088", name="陈甲", **WORKS), survey("2026-08-01", id_no="449901196602020088", name="黄乙", **WORKS), raised={"name_differs"}),
    of("identity", "a number of 29 February in a common year", survey(id_no="449901197502290018"), raised={"bad_id"}),
    of("identity", "a rare character stays", survey(name="𠮷野𬭎", **WORKS), person__name="𠮷野𬭎"),
    of("merge", "the later answer of equal weight counts", survey("2026-03-01", edu="60", **WORKS), survey("2026-09-01", edu="40", **WORKS), person__edu="40"),
    of("merge", "an empty answer says nothing", survey("2026-03-01", edu="60", **WORKS), survey("2026-09-01", edu="", **WORKS), person__edu="60"),
    of("merge", "an earlier visit that arrives later does not count", survey("2026-09-01", edu="40", **WORKS), survey("2026-03-01", edu="60", **WORKS), person__edu="40"),
    of("case", "two months of work, then none: the same case", APRIL, took_work("2026-05-20", "2026-05-15"), visited("2026-07-20", emp_status="21", spell__unemp_date="2026-07-15"), cases=1, case__closed_on=None),
)  # fmt: skip
"""The stories; what is decided by doors alone, as who sees what, stands in the tests of these."""
