"""All that is kept about one person, given to the person (decision 0287)."""

from __future__ import annotations

from django.db import transaction

from server.accounts.access import REVEALERS, Access
from server.audit.models import Act
from server.audit.services import record
from server.disclosure.budgets import check_reveals
from server.disclosure.revealing import check_reason
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import Person
from server.ledgers.problems import NotYours
from server.ledgers.reading.dossier import Dossier, dossier


def give_dossier(access: Access, person: Person, reason: str) -> Dossier:
    """Log that all that is kept about a person is given out, and gather it.

    Raises NotYours, ActReasonMissing, ReasonSaysNothing, BudgetSpent: it counts among the day's reveals.
    """
    if not access.may(REVEALERS, person.area_code):
        raise NotYours
    check_reason(reason)
    check_reveals(access, person.area_code)
    with transaction.atomic():
        record(
            Act.SUBJECT_ACCESS,
            actor=access,
            object_type=Family.PERSON,
            object_id=person.pk,
            area=person.area_code,
            reason=reason,
        )
        return dossier(access, person)
