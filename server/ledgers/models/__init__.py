"""The ledgers' tables: one module per subject; those of L8–L19 are in `declared`."""

from server.ledgers.models.changes import ChangedEntry
from server.ledgers.models.contributions import (
    ContributionRow,
    DeskAct,
    FoldVersion,
    IdentityKey,
    KeptKey,
    Naming,
    WithdrawnKey,
)
from server.ledgers.models.declared.agency import Agency
from server.ledgers.models.declared.certificates import AnnualCheck, Certificate, Policy
from server.ledgers.models.declared.consultations import Consultation
from server.ledgers.models.declared.inspections import Inspection
from server.ledgers.models.declared.loans import Loan
from server.ledgers.models.declared.offers import Offer
from server.ledgers.models.declared.petitions import Petition
from server.ledgers.models.declared.retirees import Dependant, Retiree, RetireeChange
from server.ledgers.models.declared.training import Training
from server.ledgers.models.declared.transfers import Flexible, Floating, Transfer
from server.ledgers.models.employers import Employer, Vacancy
from server.ledgers.models.entities import EntityClaim, EntityListRevision, ListedEntity
from server.ledgers.models.exceptions import LedgerException
from server.ledgers.models.households import Household, Membership
from server.ledgers.models.links import EntryLink
from server.ledgers.models.people import AssistanceCase, Person, Spell
from server.ledgers.models.rules import RuleValue
from server.ledgers.models.visits import Visit

__all__ = [
    "Agency",
    "AnnualCheck",
    "AssistanceCase",
    "Certificate",
    "ChangedEntry",
    "Consultation",
    "ContributionRow",
    "Dependant",
    "DeskAct",
    "Employer",
    "EntityClaim",
    "EntityListRevision",
    "EntryLink",
    "Flexible",
    "Floating",
    "FoldVersion",
    "Household",
    "IdentityKey",
    "Inspection",
    "KeptKey",
    "LedgerException",
    "ListedEntity",
    "Loan",
    "Membership",
    "Naming",
    "Offer",
    "Person",
    "Petition",
    "Policy",
    "Retiree",
    "RetireeChange",
    "RuleValue",
    "Spell",
    "Training",
    "Transfer",
    "Vacancy",
    "Visit",
    "WithdrawnKey",
]
