"""Every service that changes something records who did it, or says here why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from server.audit.models import DISCLOSURES, Act

ROOT = Path(__file__).resolve().parents[2]
RECORD = {"server.audit.services.record", "server.audit.services.record_list"}
ALSO_SERVICES = (
    "server/geo/renumbering.py",
    "server/datasets/declaring.py",
    "server/disclosure/budgets.py",
    "server/disclosure/dossiers.py",
    "server/disclosure/finding.py",
    "server/disclosure/permits.py",
    "server/disclosure/records.py",
    "server/disclosure/revealing.py",
    "server/accounts/identity_provider.py",
    "server/accounts/passwords.py",
    "server/accounts/own.py",
    "server/accounts/scripts.py",
    "server/accounts/roles.py",
    "server/accounts/second_factors.py",
    "server/accounts/tokens.py",
    "server/forms/drafts.py",
    "server/forms/keys.py",
    "server/ledgers/desk/acts.py",
    "server/ledgers/desk/exceptions.py",
    "server/ledgers/desk/links.py",
    "server/ledgers/desk/settling.py",
    "server/reports/figures.py",
    "server/submissions/opening.py",
)
"""Modules of services that are called otherwise."""

PHONES = (
    "what phones send is kept as it came, with its sender and time; the accept path stays as it is"
)
READS = "only reads or computes"
PART = "a part of a service: those that call it record the act"
EXEMPT_MODULES = {
    **dict.fromkeys(
        (
            f"server.submissions.services.{name}"
            for name in (
                "accepting", "attaching", "editing", "files", "queueing", "receiving", "uploads",
            )
        ),
        PHONES,
    ),
    **dict.fromkeys(
        (
            f"server.quarantine.services.{name}"
            for name in ("limits", "quarantining", "queueing", "receiving")
        ),
        PHONES,
    ),
    "server.trials.services": "test records come from phones and go with the draft, whose saving, publication and deletion are recorded",
    "server.submissions.services.holding": "judges what phones sent; decisions are recorded by the quarantine's services, which call it",
}  # fmt: skip
"""Module → why none of its functions records anything."""

EXEMPT = {
    "server.geo.renumbering.check_renumbering": "reads",
    **dict.fromkeys(
        ("server.accounts.roles.follow_code", "server.bulletin.services.follow_code"),
        "a part of renumbering a division or undoing it, which is recorded",
    ),
    **dict.fromkeys(
        (
            f"server.disclosure.{name}"
            for name in (
                "budgets.reveals_spent",
                "budgets.searches_spent",
                "budgets.one_at_a_time",
                "permits.areas_of",
                "permits.check_form",
                "permits.facts_of",
                "permits.open_permits",
                "permits.permits",
                "permits.subjects",
                "permits.waiting_for",
                "revealing.check_reason",
            )
        ),
        READS,
    ),
    **{
        f"server.accounts.identity_provider.{name}": READS
        for name in (
            "came_by",
            "check_settings",
            "is_configured",
            "is_safe",
            "longest_age",
            "proof_of",
            "subject_of",
        )
    },
    "server.accounts.identity_provider.forget": "the log-in that it is part of is recorded",
    "server.accounts.identity_provider.remember": "the log-in that it is part of is recorded",
    "server.accounts.scripts.user_of": READS,
    "server.accounts.second_factors.duty_of": READS,
    "server.accounts.second_factors.factors_of": READS,
    "server.accounts.second_factors.has_factor": READS,
    "server.accounts.second_factors.is_asked_of": READS,
    "server.accounts.second_factors.must_wait": READS,
    "server.accounts.second_factors.right_code": "the log-in that it is part of is recorded",
    "server.accounts.second_factors.take_code": "the log-in that it is part of is recorded",
    "server.accounts.roles.area_prefix": READS,
    "server.accounts.roles.distrust": PART,
    "server.accounts.services.require_over": READS,
    "server.accounts.tokens.is_token": READS,
    "server.accounts.tokens.open_tokens": READS,
    "server.accounts.tokens.require": READS,
    "server.accounts.tokens.tokens_of": READS,
    "server.accounts.tokens.used": READS,
    "server.accounts.tokens.user_of": READS,
    "server.reports.figures.read_figures": READS,
    "server.reports.figures.uuid_of_worker": READS,
    "server.corrections.services.erase_parts": PART,
    "server.corrections.services.erase_submission": PART,
    "server.corrections.services.note_fetch": PHONES,
    "server.datasets.services.may_write": READS,
    "server.erasure.services.finish_all": "the worker deletes files of what was erased, which is recorded with the consent",
    "server.forms.keys.carried": PART,
    "server.forms.keys.key_named": READS,
    "server.forms.keys.private_key": "opens a key in memory: submissions.opening records its use",
    "server.forms.services.files_of": READS,
    "server.submissions.services.laying_out.keep_layouts": "the export that it is part of is recorded",
    "server.ledgers.services.forget_person": PART,
    "server.ledgers.desk.links.acts_for": READS,
    "server.ledgers.desk.acts.may_decide": READS,
    "server.ledgers.desk.acts.correctable": READS,
    "server.ledgers.desk.acts.correctable_by": READS,
    "server.ledgers.desk.exceptions.open_to": READS,
    "server.ledgers.desk.exceptions.reopen": PART,
    "server.ledgers.services.Choice": "what `settle` takes",
    "server.ledgers.services.Suggestion": "what `suggestions` reads",
    "server.ledgers.services.askable_places": READS,
    "server.ledgers.services.suggestions": READS,
    "server.ledgers.services.NextMove": "what `next_moves` reads",
    "server.ledgers.services.next_moves": READS,
    "server.ledgers.services.acts_for": READS,
    "server.ledgers.services.forget_withdrawn": PART,
    "server.ledgers.services.mark_changed": "marks for the worker, of what was recorded before",
    "server.ledgers.services.take_changed": "marks for the worker, of what was recorded before",
    "server.ledgers.services.merge_submissions": "the worker's fold of what was recorded before",
    "server.ledgers.services.refold_due": "the worker's fold of what was recorded before",
    "server.quarantine.services.dropping.forget_documents": PART,
    "server.quarantine.services.dropping.is_named": READS,
    "server.quarantine.services.replaying.document_to_replay": READS,
    "server.quarantine.services.replaying.received_document": READS,
    "server.quarantine.services.resolving.check_open": READS,
    "server.quarantine.services.resolving.reason_in": READS,
    "server.submissions.opening.open_encrypted": "the worker's step, with keys that were given for it",
    "server.submissions.opening.queue_sealed": PART,
    "server.submissions.services.approving.let_approved_stand": PHONES,
    "server.submissions.services.noting.note_opening": "who has a record open is shown for minutes; nothing is decided",
    "server.submissions.services.erasing.check_not_erased": READS,
    "server.moving.services.counts_of": READS,
    "server.moving.services.take_over": "calls a service for each thing that it takes over, and each records its act",
    "server.submissions.services.deciding_many.decide_each": PART,
    "server.submissions.services.deciding_many.states_before": READS,
    "server.submissions.services.erasing.erase_parts": PART,
    "server.submissions.services.erasing.erase_submission": PART,
}
"""Public function of a services module → why it records nothing."""


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module; that of all of them takes seconds, and is made by the test that needs it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def trees() -> dict[str, ast.Module]:
    """Module → its syntax tree, for all of server/."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): tree_of(
            path
        )
        for path in sorted((ROOT / "server").rglob("*.py"))
        if "migrations" not in path.parts
    }


@cache
def calls() -> dict[str, set[str]]:
    """Function → the functions of server/ that its body names, by dotted path."""
    graph: dict[str, set[str]] = {}
    for module, tree in trees().items():
        names = dict(_imported(tree))
        names |= {
            node.name: f"{module}.{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        for alias, target in names.items():  # re-exported: server.quarantine.services.drop
            graph.setdefault(f"{module}.{alias}", set()).add(target)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                graph[f"{module}.{node.name}"] = set(_named(node, names))
    return graph


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("server"):
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _named(function: ast.FunctionDef, names: dict[str, str]) -> Iterator[str]:
    """What the function's body names; calls that stand in its decorators do not count."""
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in names:
                yield names[node.id]
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield f"{names.get(node.value.id, '')}.{node.attr}"


def reaches_the_log(function: str) -> bool:
    """Whether the function, or one that it calls, records an act."""
    seen, waiting = set(), [function]
    while waiting:
        name = waiting.pop()
        if name in RECORD:
            return True
        if name not in seen:
            seen.add(name)
            waiting += calls().get(name, ())
    return False


def services() -> list[str]:
    """The public functions of all services modules."""
    files = {
        *(ROOT / "server").glob("*/services.py"),
        *(ROOT / "server").glob("*/services/*.py"),
        *(ROOT / name for name in ALSO_SERVICES),
    }
    names = []
    for path in sorted(files):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = module.removesuffix(".__init__")
        if module in EXEMPT_MODULES:
            continue
        tree = tree_of(path)
        names += [
            f"{module}.{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
        if path.parts[-2] == "ledgers":  # it only names what the room offers
            names += [f"{module}.{name}" for name, _target in _imported(tree)]
    return names


@pytest.mark.parametrize("service", services())
def test_a_service_records_its_act_or_is_exempt(service: str):
    if service in EXEMPT:
        assert not reaches_the_log(service), f"{service} records: take it out of EXEMPT"
    else:
        assert reaches_the_log(service), f"{service}: call server.audit.services.record in it"


def test_only_services_that_exist_are_exempt():
    assert set(EXEMPT) - set(services()) == set()
    assert set(EXEMPT_MODULES) - set(trees()) == set()


@pytest.mark.parametrize("module", EXEMPT_MODULES)
def test_no_function_of_an_exempt_module_records(module: str):
    functions = [
        f"{module}.{node.name}"
        for node in trees()[module].body
        if isinstance(node, ast.FunctionDef)
    ]
    assert [name for name in functions if reaches_the_log(name)] == []


def test_every_act_is_recorded_somewhere_and_has_its_name():
    """An act that nobody records is a promise that the log does not keep."""
    used = {
        node.attr
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Act"
        and module != "server.audit.models"
    }
    assert {act.name for act in Act} - used == set()
    assert set(DISCLOSURES) <= set(Act)
    assert all(str(act.label) for act in Act)


def test_a_service_that_forgets_would_be_found(monkeypatch):
    graph = dict(calls())
    graph["server.forms.services.set_state"] = {"server.forms.models.Form"}
    monkeypatch.setattr("tests.contracts.test_audit.calls", lambda: graph)
    assert not reaches_the_log("server.forms.services.set_state")
    assert reaches_the_log("server.forms.services.offer")
