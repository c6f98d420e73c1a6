"""The demo's people, boundaries and plan: repeatable, valid, fictional, with defects in proportion."""

import re
from datetime import date
from itertools import pairwise
from random import Random
from uuid import UUID, uuid5

import pytest
from django.contrib.gis.geos import Polygon

from server.geo.distance import metres_between
from server.ledgers.definitions.normalise import citizen_id, uscc
from server.ops.demo import boundaries, defects
from server.ops.demo.plan import Calendar, Plan
from server.ops.demo.population import EMPLOYED, UNEMPLOYED, population

TODAY = date(2026, 11, 23)
CALENDAR = Calendar(until=TODAY, quarters=3)


def a_street(communities=3, seed=1):
    return boundaries.street(
        seed=seed,
        communities=communities,
        recoded_on=CALENDAR.recoded_on,
        moved=defects.moved_codes(communities),
    )


def a_population(households=200, seed=1, communities=3):
    street = a_street(communities, seed)
    return population(seed=seed, communities=street.communities, households=households, on=TODAY)


def everybody(people):
    return [member for home in people.homes for member in home.members]


def test_the_same_seed_makes_the_same_people():
    assert a_population() == a_population()
    assert a_population(seed=2) != a_population()


def test_id_numbers_are_valid_unallocated_and_unique():
    members = everybody(a_population())
    for member in members:
        checked = citizen_id(member.id_no, TODAY)
        assert checked.is_valid
        assert checked.number.startswith("4499")
        assert (checked.birth_date, checked.sex) == (member.birth, member.sex)
    assert len({member.id_no for member in members}) == len(members)


def test_phones_cannot_be_anyones():
    people = a_population()
    phones = [m.phone for m in everybody(people) if m.phone] + [f.phone for f in people.firms]
    assert phones
    assert all(re.fullmatch(r"020-0000\d{4}", phone) for phone in phones)
    assert not any(m.phone for m in everybody(people) if m.age_on(TODAY) < 16)


def test_firms_have_valid_codes_or_are_stalls():
    firms = a_population().firms
    assert {firm.org_type for firm in firms} == {"1", "6"}
    assert all(uscc(firm.uscc).is_valid for firm in firms if firm.uscc)
    assert all(firm.uscc or firm.org_type == "6" for firm in firms)


def test_households_look_like_households():
    people = a_population(600)
    members = everybody(people)
    assert len(people.homes) == 600
    assert 2.2 < len(members) / 600 < 3.3
    assert all(sum(m.relation == "0" for m in home.members) == 1 for home in people.homes)
    workers = [m for m in members if 16 <= m.age_on(TODAY) <= 64]
    assert all(m.emp_status for m in workers)
    shares = {
        name: sum(m.emp_status in codes for m in workers) / len(workers)
        for name, codes in (("employed", EMPLOYED), ("unemployed", UNEMPLOYED))
    }
    assert 0.5 < shares["employed"] < 0.8
    assert 0.04 < shares["unemployed"] < 0.12


@pytest.mark.parametrize("communities", [1, 2, 3, 7, 15])
def test_communities_fit_together_without_gaps_or_overlaps(communities):
    street = a_street(communities)
    shapes = [Polygon(community.outline) for community in street.communities]
    whole = Polygon(street.outline)
    assert whole.valid
    assert all(shape.valid for shape in shapes)
    assert sum(shape.area for shape in shapes) == pytest.approx(whole.area, rel=1e-9)
    rng = Random(1)
    for community, shape in zip(street.communities, shapes, strict=True):
        assert all(shape.contains(_point(community.point(rng))) for _ in range(50))
    west, south, east, north = whole.extent
    width = metres_between((west, south), (east, south))
    height = metres_between((west, south), (west, north))
    assert 0.4e6 < width * height / communities < 1.2e6  # square metres of ground


def _point(position):
    from django.contrib.gis.geos import Point

    return Point(*position)


def test_codes_move_at_least_once_where_there_is_a_choice():
    assert [defects.moved_codes(n) for n in (1, 2, 3, 6, 15, 30)] == [0, 1, 1, 2, 5, 5]
    moved = a_street(3).communities[-1]
    assert moved.former_code != moved.code
    assert moved.code_on(CALENDAR.begins, CALENDAR.recoded_on) == moved.former_code
    assert moved.code_on(TODAY, CALENDAR.recoded_on) == moved.code


def test_defects_are_made_in_proportion_and_no_kind_is_missing():
    for households, at_least in ((12, 1), (2_000, 10)):
        people = a_population(households)
        total = len(everybody(people))
        seeded = defects.add_person_defects(Random(1), people, TODAY)
        assert all(count >= 1 for count in seeded.counts.values())
        members = everybody(people)
        assert sum(not m.id_no for m in members) == seeded.counts["no_id"]
        assert all(m.uuid and m.id_type == "99" for m in members if not m.id_no)
        bad = [m for m in members if m.id_no and not citizen_id(m.id_no, TODAY).is_valid]
        assert len(bad) == seeded.counts["bad_id"]
        short = [m for m in members if len(m.id_no) == 15]
        assert len(short) == seeded.counts["id_15_digits"]
        assert all(citizen_id(m.id_no, TODAY).birth_date == m.birth for m in short)
        numbers = [m.id_no for m in members if m.id_no]
        assert len(numbers) - len(set(numbers)) == seeded.counts["two_rosters"]
        assert all(m.id_no.startswith("4499") for m in members if m.id_no)
        if at_least > 1:
            shares = {name: count / total for name, count in seeded.counts.items()}
            assert shares == pytest.approx(
                {
                    "two_rosters": 0.03,
                    "no_id": 0.02,
                    "bad_id": 0.01,
                    "id_15_digits": 0.005,
                },
                rel=0.1,
            )


def a_plan(households=300):
    street = a_street()
    people = population(
        seed=1, communities=street.communities, households=households, on=CALENDAR.begins
    )
    return Plan(
        seed=1,
        street=street,
        people=people,
        calendar=CALENDAR,
        workers={community.code: f"worker-{community.code}" for community in street.communities},
        list_uuid=lambda code: uuid5(UUID(int=0), code),
    )


def test_all_visits_and_arrivals_lie_in_the_past_and_some_are_late():
    plan = a_plan()
    submissions = plan.census() + plan.later([])
    assert all(s.visit.at < s.received_at for s in submissions)
    assert max(s.received_at for s in submissions).date() <= TODAY
    assert min(s.visit.at for s in submissions).date() >= CALENDAR.begins.replace(day=1)
    late = sum((s.received_at - s.visit.at).days >= 7 for s in submissions)
    assert late == plan.counts["late"]
    assert 0.01 < late / len(submissions) < 0.04
    assert all(a.received_at <= b.received_at for a, b in pairwise(plan.census()))
    assert len({s.instance_id for s in submissions}) == len(submissions)


def test_a_plan_gives_the_same_submissions_twice():
    first, second = a_plan(), a_plan()
    for submission, repeated in zip(first.census(), second.census(), strict=True):
        assert (submission.instance_id, submission.received_at) == (
            repeated.instance_id,
            repeated.received_at,
        )
        rng, again = Random("x"), Random("x")
        assert submission.fill_in(rng) == repeated.fill_in(again)


def test_moved_communities_are_surveyed_under_the_code_of_the_day():
    plan = a_plan()
    codes = {s.visit.community_code for s in plan.census()}
    assert codes == {"440106003001", "440106003002", "440106003103"}
    assert "440106003003" in {s.visit.community_code for s in plan.later([])}
