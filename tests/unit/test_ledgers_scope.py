"""Folding a scope gives the rows that folding everything gives (fold.md, Scope)."""

from __future__ import annotations

from datetime import date

from server.ledgers.definitions.vocabulary import Family
from server.ledgers.folding.derive.cases import VisitFact
from server.ledgers.folding.derive.households import facts_of
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldInput, fold, fold_everything
from server.ledgers.identity.components import components
from tests.factories.ledgers import contributions_of_form, id_number, member, street, uuid_of

AS_OF = date(2026, 11, 23)
SEEKING = {
    "emp_status": "21",
    "work_capacity": "1",
    "job_willing": "1",
    "hukou_type": "10",
    "spell.unemp_date": "2026-02-01",
}


def test_an_entry_in_scope_of_which_nothing_is_left_has_no_row():
    """Its contributions were withdrawn: the caller deletes what it finds no row for."""
    scope = {family: {uuid_of("withdrawn")} for family in Family}
    result = fold(FoldInput([], {}, scope, AS_OF, rules()))
    assert (dict(result.rows), result.memberships, result.raised) == ({}, [], [])


def test_what_lies_outside_the_scope_is_given_as_facts():
    document = street(1, [member(key="a", id_no=id_number("1970-05-01", 1), **SEEKING)])
    document.visited_at = "2026-03-01T09:00:00+08:00"
    contributions = contributions_of_form(document, 1)
    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    everything = fold_everything(contributions, entries, AS_OF, rules())
    scope = {"person": {row["id"] for row in everything.rows["person"]}}
    outside = FoldInput(
        [item for item in contributions if item.family == "person"],
        entries,
        scope,
        AS_OF,
        rules(),
        outside_households={row["id"]: facts_of(row) for row in everything.rows["household"]},
        outside_visits={
            row["household_id"]: [
                VisitFact(row["id"], date(2026, 3, 1), row["outcome"], (), None, 1)
            ]
            for row in everything.rows["visit"]
        },
        outside_memberships=everything.memberships,
    )
    result = fold(outside)
    assert result.rows["person"] == everything.rows["person"]
    assert result.rows["case"] == [
        row for row in everything.rows["case"] if row.get("subject_person_id")
    ]
    assert result.memberships == []
