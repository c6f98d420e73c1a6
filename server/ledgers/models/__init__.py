"""The ledgers' tables: one module per subject."""

from server.ledgers.models.contributions import (
    ContributionRow,
    DeskAct,
    IdentityKey,
    KeptKey,
    Naming,
    WithdrawnKey,
)
from server.ledgers.models.employers import Employer, Vacancy
from server.ledgers.models.entities import EntityClaim, EntityListRevision, ListedEntity
from server.ledgers.models.exceptions import LedgerException
from server.ledgers.models.households import Household, Membership
from server.ledgers.models.links import EntryLink
from server.ledgers.models.people import AssistanceCase, Person, Spell
from server.ledgers.models.visits import Visit

__all__ = [
    "AssistanceCase",
    "ContributionRow",
    "DeskAct",
    "Employer",
    "EntityClaim",
    "EntityListRevision",
    "EntryLink",
    "Household",
    "IdentityKey",
    "KeptKey",
    "LedgerException",
    "ListedEntity",
    "Membership",
    "Naming",
    "Person",
    "Spell",
    "Vacancy",
    "Visit",
    "WithdrawnKey",
]
