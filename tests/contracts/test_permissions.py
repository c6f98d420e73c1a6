"""Who may do what over REST: every operation of the document, by role, inside and outside the area."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from server.api.document import document
from server.ledgers.definitions.ledgers import DEFINITIONS
from tests.conftest import STREET
from tests.factories.console import (
    AT,
    entry,
    make_deleted,
    make_erasure,
    make_home,
    make_quarantined,
    make_renamed,
    make_stranger_key,
    make_street,
)
from tests.factories.declared import make_declared
from tests.factories.filings import make_filing
from tests.factories.imports import make_import
from tests.factories.permission_rules import RULES, Rule
from tests.factories.permits import make_waiting
from tests.factories.roles import BLIND, OTHER_STREET, READERS, in_every_role
from tests.factories.rules import make_rule


@pytest.fixture
def names(divisions, make_user, settings) -> dict[str, Any]:
    """The ids of the things in the first street, by the first part of their address."""
    from server.accounts import identity_provider
    from server.accounts.models import PhoneSettings
    from server.accounts.services import issue_token
    from server.ledgers.models import Spell, Vacancy, Visit

    street = make_street(make_user)
    make_home(street.form, STREET)
    key = make_stranger_key()
    street.form.versions.update(encryption_key=key)
    area = street.person.area_code
    spell = Spell.objects.create(
        **entry(area, person=street.person, spell_kind="1", start_on=AT.date())
    )
    account, _token = issue_token(user=street.worker, actor=None)
    PhoneSettings.objects.create(area=STREET, changed_at=AT, changed_by=street.worker)
    settings.RUHU_OIDC_ISSUER = "https://id.example"
    identity_provider.link(
        user=make_user("wu", role="street", area=STREET), subject="s-1", actor=None
    )
    return {
        "households": street.household.pk,
        "persons": street.person.pk,
        "spells": spell.pk,
        "employers": street.employer.pk,
        **{
            DEFINITIONS[ledger].path: row.pk
            for ledger, row in make_declared(
                area,
                vacancy=Vacancy.objects.get(area_code=area),
                person=street.person,
                employer=street.employer,
            ).items()
        },
        "cases": street.case.pk,
        "visits": Visit.objects.get(area_code=area).pk,
        "submissions": street.submission.instance_id,
        "quarantine": make_quarantined(street.worker, area).pk,
        "deletions": make_deleted(street.form, street.worker, area).pk,
        "erasures": make_erasure(street.submission, street.worker).pk,
        "exceptions": street.exception.pk,
        "links": street.link.pk,
        "desk-acts": make_statement(make_user("lu", area=STREET), street.link).pk,
        "field-accounts": account.pk,
        "encryption-keys": key.fingerprint,
        "division-changes": make_renamed(street.worker, area).pk,
        "imports": make_import(street.worker, area).pk,
        "rules": make_rule(street.worker, area).pk,
        "filings": make_filing(street.worker, area).pk,
        "export-permits": make_waiting(make_user("colleague")).pk,
    }


@pytest.fixture
def clients(make_user) -> dict[tuple[str, str], Client]:
    """Somebody for each role, in the street of the things and in another; "" has none.

    By password, because files are not given to a browser's session (test_headers.py).
    """
    clients = {}
    for asking, user in in_every_role(make_user).items():
        proof = base64.b64encode(f"{user.username}:correct horse".encode()).decode()
        clients[asking] = Client(headers={"authorization": f"Basic {proof}"})
    return clients


def make_statement(user: Any, link: Any) -> Any:
    """What the street's desk stated about the link."""
    from server.accounts.access import access_of
    from server.ledgers import services
    from server.ledgers.definitions.vocabulary import ActKind

    return services.state_of_link(
        link=link, kind=ActKind.DIFFERENT, reason="核对", access=access_of(user), at=AT
    )


def ask(client: Client, rule: Rule, names: dict[str, Any]) -> int:
    """The status of the answer; what the request did is undone."""
    with transaction.atomic():
        path = "/api/v1" + rule.path.format(**names)
        if rule.body is None:
            response = getattr(client, rule.method)(path)
        else:
            body = json.dumps(rule.body)
            for name, value in names.items():
                body = body.replace(f"{{{name}}}", str(value))
            response = getattr(client, rule.method)(path, body, content_type="application/json")
        status: int = response.status_code
        if response.streaming:
            assert b"".join(response.streaming_content)  # read to the end, the file is closed
        transaction.set_rollback(True)
    return status


def test_inside_and_outside_the_area(names, clients):
    wrong = []
    for rule in RULES:
        wanted = {(role, STREET): rule.expected(role) for role in READERS | BLIND}
        wanted |= {(role, OTHER_STREET): rule.outside for role in rule.may - BLIND}
        for asking, status in sorted(wanted.items()):
            if (got := ask(clients[asking], rule, names)) != status:
                wrong.append(f"{rule.method} {rule.path} {asking}: {got}, not {status}")
    assert not wrong


def test_nobody_gets_in_without_logging_in(names):
    for rule in RULES:
        path = "/api/v1" + rule.path.format(**names)
        assert getattr(Client(), rule.method)(path).status_code == 401, rule


def test_every_operation_has_its_rule():
    told = sum(len(operations) for operations in document()["paths"].values())
    ruled = {(rule.method, rule.path) for rule in RULES}
    assert len(ruled) == len(RULES) == told
