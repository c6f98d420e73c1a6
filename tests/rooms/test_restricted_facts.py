"""A restricted fact is kept from readers without the role whatever column or question states it (security.md, Restricted facts)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.accounts.access import Access
from server.core.codes import code_lists
from server.ledgers import selectors
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS
from server.ledgers.definitions.sensitivity import FIVE_CLEAR, has_restricted, unrestricted
from server.ledgers.filters import FILTERS
from server.ledgers.models import AssistanceCase, Person, Spell
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import entry

PLAIN = Access(0, (("administrator", ""),))
HERE = Access(0, (("administrator", ""), ("restricted", STREET)))
BOTH = {"a": COMMUNITY, "d": OTHER_STREET_COMMUNITY}


def test_every_restricted_code_is_a_code_and_is_shown_as_an_open_one():
    n_codes = 0
    for code_list in code_lists().values():
        for code, shown_as in code_list.restricted.items():
            n_codes += 1
            assert code in code_list.codes
            assert (
                shown_as == "" or shown_as in code_list.codes.keys() - code_list.restricted.keys()
            )
    assert n_codes == 18


def test_a_question_that_all_are_asked_never_shows_a_blank_for_one_fact_alone():
    """A blank where everybody has a value is the fact itself: two codes share it, or another code covers."""
    for ledger, columns in COLUMNS.items():
        for column in columns.values():
            hidden = code_lists()[column.codes].restricted if column.codes else {}
            blank = [code for code, shown_as in hidden.items() if not shown_as]
            if column.kind is Kind.CODE and column.required and hidden:
                assert len(blank) != 1, (ledger, column.name)


def test_every_json_column_says_which_codes_it_holds():
    for columns in COLUMNS.values():
        for column in columns.values():
            if column.kind is Kind.JSON:
                has_restricted(column)  # a KeyError names a column that nobody declared
    facts = {"family": "0", "reason": "11", "skills": [], "training": ["01"], "wish": None}
    shown = unrestricted(COLUMNS["case"]["five_clear"], facts)
    assert shown == {**facts, "reason": "99"}
    assert set(facts) == set(FIVE_CLEAR)


def coded_columns() -> list[tuple[str, Column]]:
    return [
        (ledger, column)
        for ledger, columns in COLUMNS.items()
        for column in columns.values()
        if column.kind in (Kind.CODE, Kind.CODES)
        and has_restricted(column)
        and code_lists()[column.codes].restricted
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ledger", "column"), coded_columns(), ids=lambda part: getattr(part, "name", part)
)
def test_a_filter_finds_what_is_shown_and_nothing_else(divisions, ledger, column):
    """Row by row and code by code: the rows found by a code are those that show the code."""
    model, access = LEDGERS[ledger], {"plain": PLAIN, "here": HERE}
    needed: dict[str, Any] = {"opened_on": date(2026, 1, 1)} if model is AssistanceCase else {}
    if model is Spell:
        needed = {"start_on": date(2026, 1, 1)}
    codes = code_lists()[column.codes].codes
    filterset = FILTERS[ledger]
    rows = {}
    for place, area in BOTH.items():
        for code in codes:
            value = [code] if column.kind is Kind.CODES else code
            rows[place + code] = model.objects.create(
                **entry(area, **{column.name: value}, **needed)
            )
    for reader, access_of_reader in access.items():
        for code in codes:
            shown = set()
            for name, row in rows.items():
                value = selectors.value_for(
                    access_of_reader, row, column, getattr(row, column.name)
                )
                if code == value or (isinstance(value, list) and code in value):
                    shown.add(name)
            passed = filterset(
                {column.name: code}, model.objects.order_by("pk"), access=access_of_reader
            ).qs
            names = {name for name, row in rows.items() if row in passed}
            assert names == shown, (reader, code)
            if code in code_lists()[column.codes].restricted and reader == "plain":
                assert not names


@pytest.mark.django_db
def test_a_person_is_not_found_by_a_restricted_number_without_the_role(divisions):
    from server.core.sealing import seal_text, search_hash

    number = "44990119900101001X44"
    for area in BOTH.values():
        Person.objects.create(
            **entry(
                area,
                disability_cert=seal_text(number, "disability_cert"),
                disability_cert_hash=search_hash(number, "disability_cert"),
            )
        )
    for access, areas in ((PLAIN, set()), (HERE, {COMMUNITY})):
        rows = selectors.holding(
            selectors.where_shown(access, selectors.persons(access), "disability_cert"),
            "disability_cert",
            number,
        )
        assert {row.area_code for row in rows} == areas
