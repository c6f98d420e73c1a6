"""What the filters of the ledgers keep and leave out: for every filter a case whose opposite would fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.accounts.access import Access
from server.core import clock
from server.core.codes import code_lists
from server.ledgers import filters
from server.ledgers.definitions.columns import Kind, columns_of
from server.ledgers.definitions.vocabulary import CaseState
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    Person,
    Spell,
    Vacancy,
    Visit,
)
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import (
    entry,
)
from tests.factories.filters import BOX, EVERYTHING, INSIDE, NOON, OUTSIDE, kept

pytestmark = pytest.mark.django_db

MODELS = (Person, Household, Spell, Employer, Vacancy, AssistanceCase, Visit)
OF_LEDGER = {
    Person: filters.PersonFilters,
    Household: filters.HouseholdFilters,
    Spell: filters.SpellFilters,
    Employer: filters.EmployerFilters,
    Vacancy: filters.VacancyFilters,
    AssistanceCase: filters.CaseFilters,
    Visit: filters.VisitFilters,
}


def values_of(kind: Kind, codes: str) -> tuple[Any, Any] | None:
    """Two values of a column, the smaller first, of which a filter keeps one."""
    match kind:
        case Kind.CODE:
            first, second, *_rest = code_lists()[codes].codes
            return first, second
        case Kind.CODES:
            first, second, third, *_rest = code_lists()[codes].codes
            return [first, third], [second]
        case Kind.BOOLEAN:
            return False, True
        case Kind.INTEGER:
            return 3, 4
        case Kind.DECIMAL:
            return Decimal("3.5"), Decimal("4.5")
        case Kind.DATE:
            return date(2026, 11, 20), date(2026, 11, 21)
        case Kind.INSTANT:
            return NOON, NOON + timedelta(hours=12)  # 12:00 and midnight at the office
        case Kind.AREA:
            return COMMUNITY, OTHER_COMMUNITY
    return None


def cases_of(kind: Kind, low: Any, high: Any) -> Iterator[tuple[str, str, str]]:
    """(ending of the filter's name, value, which of the rows a and b pass)."""
    match kind:
        case Kind.CODE | Kind.ENTRY | Kind.AREA | Kind.USER:
            yield "", str(low), "a"
            yield "", str(high), "b"
        case Kind.CODES:
            yield "", f"{low[0]},{low[1]}", "a"
            yield "", high[0], "b"
        case Kind.BOOLEAN:
            yield "", "false", "a"
            yield "", "true", "b"
        case Kind.INTEGER | Kind.DECIMAL | Kind.DATE:
            yield "_from", str(low), "ab"
            yield "_from", str(high), "b"
            yield "_to", str(low), "a"
            yield "_to", str(high), "ab"
        case Kind.INSTANT:
            yield "_from", low.isoformat(), "ab"
            yield "_from", high.isoformat(), "b"
            yield "_to", low.isoformat(), "a"
            yield "_to", high.isoformat(), "ab"
            yield "_from", "2026-11-20", "ab"
            yield "_from", "2026-11-21", "b"
            yield "_to", "2026-11-20", "a"
            yield "_to", "2026-11-21", "ab"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_column_narrows_its_ledger(divisions, make_user, model):
    """And each of its filters is made from a column, or has a test of its own below."""
    decided = set()
    for column in columns_of(model).values():
        pair = values_of(column.kind, column.codes)
        if column.kind is Kind.ENTRY:
            related = model._meta.get_field(column.name).related_model
            pair = tuple(related.objects.create(**entry(COMMUNITY)).pk for _each in "ab")
        if column.kind is Kind.USER:
            pair = tuple(make_user(name, area=COMMUNITY).pk for name in ("xu", "lu"))
        if pair is None:
            continue
        is_named = column.kind in (Kind.ENTRY, Kind.USER)
        attribute = f"{column.name}_id" if is_named else column.name
        a, b = (model.objects.create(**entry(COMMUNITY, **{attribute: value})) for value in pair)
        rows, of = model.objects.filter(pk__in=(a.pk, b.pk)), {a.pk: "a", b.pk: "b"}
        for ending, value, letters in cases_of(column.kind, *pair):
            name = f"{column.name}{ending}"
            found = sorted(of[pk] for pk in kept(OF_LEDGER[model], rows, **{name: value}))
            assert "".join(found) == letters, (name, value)
            decided.add(name)
    common = {"area", "updated_since", "verified_level_from", "last_confirmed_on_to"}
    elsewhere = {
        "search",
        "ordering",
        "in_bbox",
        "assisted",
        "assisted_categories",
        "due",
        "view",
    } | {"case_worker"}
    assert set(OF_LEDGER[model].base_filters) - decided - elsewhere == common


WITH_VIEWS = [model for model in MODELS if model.ledger.views]


@pytest.mark.parametrize("model", WITH_VIEWS, ids=lambda model: model.__name__)
def test_a_named_view_has_the_rows_that_meet_its_conditions(divisions, model):
    views = model.ledger.views
    meeting = {}
    for view in views:
        columns = {condition.column: condition.values[0] for condition in view.where}
        meeting[view.name] = model.objects.create(**entry(COMMUNITY, **columns))
    for view in views:
        rows = kept(OF_LEDGER[model], model.objects.all(), view=view.name)
        conditions = {f"{item.column}__in": item.values for item in view.where}
        assert meeting[view.name].pk in rows
        assert set(rows) == set(model.objects.filter(**conditions).values_list("pk", flat=True))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_ledger_is_narrowed_by_what_all_entries_have(divisions, model):
    day = date(2026, 11, 20)
    a = model.objects.create(
        **{**entry(COMMUNITY), "observed_at": NOON, "verified_level": 2, "last_confirmed_on": day}
    )
    b = model.objects.create(
        **{
            **entry(OTHER_STREET_COMMUNITY),
            "observed_at": NOON + timedelta(days=1),
            "verified_level": 3,
            "last_confirmed_on": day + timedelta(days=1),
        }
    )
    rows = model.objects.filter(pk__in=(a.pk, b.pk))
    for name, value, expected in (
        ("area", COMMUNITY, {a.pk}),
        ("area", f"{STREET}000", {a.pk}),
        ("area", "440106", {a.pk, b.pk}),
        ("updated_since", NOON.isoformat(), {a.pk, b.pk}),
        ("updated_since", (NOON + timedelta(seconds=1)).isoformat(), {b.pk}),
        ("updated_since", "2026-11-21", {b.pk}),
        ("verified_level_from", "2", {a.pk, b.pk}),
        ("verified_level_from", "3", {b.pk}),
        ("last_confirmed_on_to", "2026-11-20", {a.pk}),
        ("last_confirmed_on_to", "2026-11-21", {a.pk, b.pk}),
    ):
        assert set(kept(OF_LEDGER[model], rows, **{name: value})) == expected, (name, value)
    for value, expected in (("observed_at", [a.pk, b.pk]), ("-observed_at", [b.pk, a.pk])):
        assert kept(OF_LEDGER[model], rows, ordering=value) == expected


@pytest.mark.parametrize(
    ("model", "column", "text"),
    [
        (Person, "name", "陈大文"),
        (Household, "hh_no", "h-0001"),
        (Household, "address", "棠荫路1号"),
        (Household, "building", "3栋"),
        (Household, "room", "502"),
        (Spell, "employer_name", "示范制衣厂"),
        (Employer, "name", "示范制衣厂"),
        (Employer, "uscc", "91440101MA5XXXXX0X"),
        (Employer, "address", "工业路2号"),
        (Vacancy, "title", "缝纫工"),
        (Vacancy, "vacancy_no", "V-0001"),
        (AssistanceCase, "case_no", "C-0001"),
    ],
)
def test_a_search_finds_a_part_of_a_column(divisions, model, column, text):
    found = model.objects.create(**entry(COMMUNITY, **{column: text}))
    model.objects.create(**entry(COMMUNITY, **{column: "别的"}))
    for part in (text, text[1:], f" {text[:-1]} "):
        assert kept(OF_LEDGER[model], model.objects.all(), search=part) == [found.pk]
    assert kept(OF_LEDGER[model], model.objects.all(), search=f"{text[0]} 没有") == []


def test_a_search_finds_by_the_names_of_others(divisions):
    head = Person.objects.create(**entry(COMMUNITY, name="陈大文"))
    home = Household.objects.create(**entry(COMMUNITY, head_person=head, address="棠荫路1号"))
    member = Person.objects.create(**entry(COMMUNITY, name="李小明", household=home))
    Household.objects.create(**entry(COMMUNITY, address="棠荫路2号"))
    employer = Employer.objects.create(**entry(COMMUNITY, name="示范制衣厂"))
    vacancy = Vacancy.objects.create(**entry(COMMUNITY, employer=employer))
    Vacancy.objects.create(**entry(COMMUNITY))
    case = AssistanceCase.objects.create(**entry(COMMUNITY, subject_person=member))
    AssistanceCase.objects.create(**entry(COMMUNITY, subject_person=head))
    homes = Household.objects.all()
    for words in ("大文", "小明", "小明 棠荫", "大文 小明"):
        assert kept(filters.HouseholdFilters, homes, search=words) == [home.pk], words
    assert kept(filters.HouseholdFilters, homes, search="小明 2号") == []
    assert kept(filters.VacancyFilters, Vacancy.objects.all(), search="制衣") == [vacancy.pk]
    assert kept(filters.CaseFilters, AssistanceCase.objects.all(), search="小明") == [case.pk]


@pytest.mark.parametrize("model", [Household, Employer, Visit], ids=lambda model: model.__name__)
def test_a_box_keeps_what_lies_within(divisions, model):
    inside = model.objects.create(**entry(COMMUNITY, loc=INSIDE))
    model.objects.create(**entry(COMMUNITY, loc=OUTSIDE))
    assert kept(OF_LEDGER[model], model.objects.all(), in_bbox=BOX) == [inside.pk]


def test_assistance_is_found_only_as_far_as_the_reader_may_know_of_it(divisions):
    """B02, disability, is shown with the restricted role alone (security.md, Restricted facts)."""
    rows = {
        "a": Household.objects.create(**entry(COMMUNITY, assisted_categories=["B01", "B02"])),
        "b": Household.objects.create(**entry(COMMUNITY, assisted_categories=["B02"])),
        "c": Household.objects.create(**entry(COMMUNITY, assisted_categories=[])),
        "d": Household.objects.create(**entry(OTHER_STREET_COMMUNITY, assisted_categories=["B02"])),
    }
    of = {row.pk: letter for letter, row in rows.items()}
    plain = Access(0, (("administrator", ""),))
    here = Access(0, (("administrator", ""), ("restricted", STREET)))
    for access, name, value, letters in (
        (EVERYTHING, "assisted", "true", "abd"),
        (EVERYTHING, "assisted", "false", "c"),
        (plain, "assisted", "true", "a"),
        (plain, "assisted", "false", "bcd"),
        (here, "assisted", "true", "ab"),
        (EVERYTHING, "assisted_categories", "B02", "abd"),
        (plain, "assisted_categories", "B02", ""),
        (plain, "assisted_categories", "B01,B02", "a"),
        (here, "assisted_categories", "B02", "ab"),
    ):
        found = kept(filters.HouseholdFilters, Household.objects.all(), access, **{name: value})
        assert "".join(sorted(of[pk] for pk in found)) == letters, (access, name, value)


def test_a_restricted_column_narrows_only_where_the_reader_may_see_it(divisions):
    mine = Person.objects.create(**entry(COMMUNITY, political="01"))
    Person.objects.create(**entry(OTHER_STREET_COMMUNITY, political="01"))
    here = Access(0, (("administrator", ""), ("restricted", STREET)))
    rows = Person.objects.all()
    assert kept(filters.PersonFilters, rows, here, political="01") == [mine.pk]
    assert kept(filters.PersonFilters, rows, Access(0, here.grants[:1]), political="01") == []


def test_due_visits_are_found_by_case_and_by_household(divisions):
    """The days at the edge are tested with the rule itself; here, well before and well after."""
    today = clock.today()
    of: dict[Any, str] = {}
    for letter, days, closed in (
        ("a", -9, None),
        ("b", 3, None),
        ("c", 30, None),
        ("d", -9, today),
    ):
        home = Household.objects.create(**entry(COMMUNITY))
        person = Person.objects.create(**entry(COMMUNITY, household=home))
        subject = {"subject_person": person} if letter != "b" else {"subject_household": home}
        case = AssistanceCase.objects.create(
            **entry(
                COMMUNITY,
                next_due=today + timedelta(days=days),
                closed_on=closed,
                state=CaseState.CLOSED if closed else CaseState.CERTIFIED,
                **subject,
            )
        )
        of |= {home.pk: letter, case.pk: letter}
    for model in (AssistanceCase, Household):
        for value, letters in (("overdue", "a"), ("week", "ab")):
            found = kept(OF_LEDGER[model], model.objects.all(), due=value)
            assert "".join(sorted(of[pk] for pk in found)) == letters, (model, value)
    elsewhere = Access(0, (("street", "440106005"),))
    assert kept(filters.HouseholdFilters, Household.objects.all(), elsewhere, due="week") == []


def test_a_bad_value_lets_no_row_pass(divisions):
    Person.objects.create(**entry(COMMUNITY, is_4050=True))
    chosen = filters.PersonFilters({"is_4050": "maybe"}, Person.objects.all(), access=EVERYTHING)
    assert list(chosen.qs) == []
    assert list(chosen.errors) == ["is_4050"]


def test_a_filter_without_a_value_lets_every_row_pass(divisions):
    Person.objects.create(**entry(COMMUNITY))
    for model, filterset in OF_LEDGER.items():
        chosen = filterset(
            dict.fromkeys(filterset.base_filters, ""), model.objects.all(), access=EVERYTHING
        )
        assert not chosen.errors
        assert chosen.qs.count() == model.objects.count()
