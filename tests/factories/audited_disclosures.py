"""A call of each service that looks behind masks, and the acts that it adds to the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.audit.models import Act
from server.audit.services import record
from server.disclosure import services as disclosure
from server.disclosure.budgets import check_reveals, refuse
from server.disclosure.problems import BudgetSpent
from server.ledgers.models import Person
from tests.conftest import STREET
from tests.factories.audited_records import Case

WHY = "核对身份证件"


def refused(service: Callable[..., object], *given: object) -> None:
    with pytest.raises(BudgetSpent):
        service(*given)


DISCLOSURE_CASES = {
    "disclosure.revealing.reveal": Case(
        lambda office: disclosure.reveal(office.access, office.persons[0], ["id_no"], WHY),
        (Act.REVEAL,),
        lambda office: office.persons,
    ),
    "disclosure.revealing.reveal_each": Case(
        lambda office: disclosure.reveal_each(office.access, office.persons[:1], ["id_no"], WHY),
        (Act.REVEAL,),
        lambda office: office.persons,
    ),
    "disclosure.dossiers.give_dossier": Case(
        lambda office: disclosure.give_dossier(office.access, office.persons[0], WHY),
        (Act.SUBJECT_ACCESS,),
        lambda office: office.persons,
    ),
    "disclosure.finding.find": Case(
        lambda office: disclosure.find(office.access, Person.objects.all(), "phone", "1", WHY),
        (Act.FIND,),
    ),
    "disclosure.budgets.refuse": Case(
        lambda office: [
            refused(refuse, office.access, STREET, BudgetSpent(limit=1, seconds=1))
            for _again in range(2)
        ],
        (Act.BUDGET_SPENT,),
    ),
    "disclosure.budgets.check_reveals": Case(
        lambda office: refused(check_reveals, office.access, STREET),
        (Act.BUDGET_SPENT,),
        lambda office: [record(Act.REVEAL, actor=office.access) for _each in range(60)],
    ),
    "disclosure.permits.request_permit": Case(
        lambda office: office.permit(office.chief), (Act.PERMIT_REQUESTED,)
    ),
    "disclosure.permits.consent": Case(
        lambda office: disclosure.consent(number=office.waiting.pk, **office.decider),
        (Act.PERMIT_CONSENTED,),
        lambda office: office.waiting,
    ),
    "disclosure.permits.refuse": Case(
        lambda office: disclosure.refuse(number=office.waiting.pk, **office.decider, note=WHY),
        (Act.PERMIT_REFUSED,),
        lambda office: office.waiting,
    ),
    "disclosure.permits.withdraw": Case(
        lambda office: disclosure.withdraw(number=office.waiting.pk, **office.decider),
        (Act.PERMIT_WITHDRAWN,),
        lambda office: office.waiting,
    ),
    "disclosure.records.let_out": Case(
        lambda office: disclosure.let_out(
            office.submission,
            user=office.chief,
            access=office.access,
            file=None,
            reason=WHY,
            permit_only=False,
        ),
        (Act.REVEAL,),
        lambda office: office.submission,
    ),
    "disclosure.records.let_out_quarantined": Case(
        lambda office: disclosure.let_out_quarantined(
            office.item, user=office.chief, access=office.access, reason=WHY
        ),
        (Act.EXPORT,),
        lambda office: office.item,
    ),
}
