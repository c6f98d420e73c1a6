"""Families, kinds and states are enums that the code lists, the database and the pages know."""

from __future__ import annotations

import ast
from enum import StrEnum
from pathlib import Path

import pytest

from server.console.exception_sentences import SENTENCES
from server.core.codes import code_lists
from server.ledgers.definitions import codes, vocabulary
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.ledgers import COLUMNS, FAMILIES, LEDGERS, MACHINES
from server.ledgers.definitions.vocabulary import ExceptionKind, Family, Ledger
from server.ledgers.models.choices import EXCEPTION_CHOICES

SERVER = Path(__file__).parents[2] / "server"
STATE_LISTS = {
    vocabulary.PersonStatus: "PS",
    vocabulary.SpellKind: "SPK",
    vocabulary.CaseState: "ST4",
    vocabulary.CloseReason: "CL",
    vocabulary.ZeroEmploymentState: "ZS",
    vocabulary.VacancyState: "ST7",
    vocabulary.RetireeState: "ST15",
    vocabulary.OfferState: "ST8",
    vocabulary.TrainingState: "ST12",
    vocabulary.VisitOutcome: "VO",
}
ANSWER_LISTS = {
    codes.Sex: "SEX",
    codes.Relation: "REL",
    codes.Health: "HL",
    codes.HukouNature: "HK",
    codes.ResidenceKind: "RK",
    codes.WorkCapacity: "WC",
    codes.EmploymentStatus: "ES",
    codes.UnemploymentReason: "UR",
    codes.DibaoStatus: "DB",
    codes.LandLost: "LL",
    codes.AssistanceCategory: "AC",
    codes.CaseLevel: "LV",
    codes.FoundBy: "FB",
    codes.Material: "MAT",
    codes.VisitMode: "VM",
    codes.EmployerSize: "SZ",
    codes.VacancySource: "VS",
}


@pytest.mark.parametrize(
    ("words", "name"), {**STATE_LISTS, **ANSWER_LISTS}.items(), ids=lambda value: str(value)
)
def test_an_enum_has_exactly_the_codes_of_its_list(words: type[StrEnum], name: str):
    assert [word.value for word in words] == list(code_lists()[name].codes)


def test_every_enum_of_answers_is_tied_to_a_list():
    enums = {
        value
        for value in vars(codes).values()
        if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
    }
    assert enums == set(ANSWER_LISTS)


def test_the_ledgers_that_code_speaks_of_are_declared():
    assert set(LEDGERS) >= set(Ledger)
    assert set(FAMILIES) >= set(Family)


@pytest.mark.parametrize(("column", "machine"), MACHINES.items(), ids=lambda value: str(value)[:40])
def test_a_machine_moves_between_codes_of_its_column(column, machine):
    codes = set(code_lists()[COLUMNS[column[0]][column[1]].codes].codes)
    assert machine.start in codes
    assert codes.issuperset(machine.states)
    assert codes.issuperset(machine.entering)
    assert codes.issuperset(machine.deadlines)


@pytest.mark.parametrize(("column", "machine"), MACHINES.items(), ids=lambda value: str(value)[:40])
def test_a_machine_speaks_of_columns_of_its_ledger(column, machine):
    columns = COLUMNS[column[0]]
    for into in machine.entering.values():
        assert columns.keys() >= {*into.columns, *into.means}
        for name, code in into.means.items():
            assert code in code_lists()[columns[name].codes].codes
        if into.stamps:
            assert columns[into.stamps].kind is Kind.DATE
    if machine.deadlines:
        assert columns[machine.due].computed
        assert columns.keys() >= {deadline.since for deadline in machine.deadlines.values()}
    if machine.expiry is not None:
        assert columns[machine.expiry.column].kind is Kind.DATE
    if machine.filling is not None:
        assert columns[machine.filling.wanted].kind is Kind.INTEGER


def test_every_kind_of_exception_has_a_label():
    assert [kind for kind, _label in EXCEPTION_CHOICES] == list(ExceptionKind)


def test_every_kind_of_exception_has_a_sentence_that_explains_it():
    """Add the sentence to SENTENCES in server/console/exception_sentences.py."""
    unexplained = set(ExceptionKind) - {kind for kind, _column in SENTENCES}
    assert not unexplained, f"add to SENTENCES in console/exception_sentences.py: {unexplained}"


def test_every_kind_of_exception_is_raised_somewhere():
    """A new kind needs code that raises it: the folding, refolding or entity_lists package names it."""
    named = set()
    for package in ("folding", "refolding", "entity_lists", "storage"):
        for path in (SERVER / "ledgers" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "ExceptionKind"
                ):
                    named.add(node.attr)
    unraised = set(ExceptionKind.__members__) - named
    assert not unraised, f"nothing in server/ledgers raises {unraised}"
