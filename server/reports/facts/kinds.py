"""What events are, and why stocks change. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from server.ledgers.definitions.vocabulary import Family


class EventKind(StrEnum):
    """What an event is. Flows of a stock come in pairs: sums of in and out are the stock's change."""

    WORKING_IN = "working_in"  # came among those of working age of a community of residence
    WORKING_OUT = "working_out"
    REGISTERED_IN = "registered_in"  # registered as unemployed in a community of hukou
    REGISTERED_OUT = "registered_out"
    CASE_IN = "case_in"  # an open case, as a whole ("") and for each category
    CASE_OUT = "case_out"
    ZERO_IN = "zero_in"  # a certified zero-employment household
    ZERO_OUT = "zero_out"
    VISITED = "visited"
    GUIDED = "guided"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    PLACED = "placed"
    TRAINED = "trained"
    POLICY = "policy"
    RETIREE_IN = "retiree_in"  # came into the care of the office as a retired person
    RETIREE_OUT = "retiree_out"
    RETIREE_REPORTED = "retiree_reported"  # the office learnt of one of these on a later day
    PETITION_IN = "petition_in"  # a petition that waits for its end; `quantity`: people
    PETITION_OUT = "petition_out"
    PETITION_ACCEPTED = "petition_accepted"
    MATTER_IN = "matter_in"  # a matter at an employer that is not settled; `quantity`: workers
    MATTER_OUT = "matter_out"
    ARREARS_SETTLED = "arrears_settled"  # `quantity`: yuan
    CONSULTED = "consulted"  # `quantity`: people
    LEAFLETS = "leaflets"  # `quantity`: leaflets
    VACANCY_IN = "vacancy_in"  # places that became free; `quantity`: how many
    VACANCY_OUT = "vacancy_out"
    HIRED = "hired"  # somebody took up work in a vacancy
    CERTIFICATE_APPLIED = "certificate_applied"
    CERTIFICATE_REFUSED = "certificate_refused"
    CERTIFICATE_IN = "certificate_in"  # a certificate in force
    CERTIFICATE_OUT = "certificate_out"
    HOLDER_PLACED = "holder_placed"  # somebody with a certificate in force took up work
    POLICY_IN = "policy_in"  # a policy that is enjoyed; `quantity`: yuan
    POLICY_OUT = "policy_out"
    LOAN_APPLIED = "loan_applied"
    LOAN_PASSED = "loan_passed"
    LOAN_REFUSED = "loan_refused"
    LOAN_IN = "loan_in"  # a loan that is granted and not repaid; `quantity`: yuan
    LOAN_OUT = "loan_out"
    TRAINING_APPLIED = "training_applied"
    TRAINING_IN = "training_in"  # somebody in a course
    TRAINING_OUT = "training_out"
    TRAINING_CERTIFIED = "training_certified"
    TRAINING_PLACED = "training_placed"
    TRANSFER_IN = "transfer_in"  # somebody who works away from the land
    TRANSFER_OUT = "transfer_out"


_FAMILIES: Final[dict[EventKind, str]] = {
    EventKind.ZERO_IN: Family.HOUSEHOLD,
    EventKind.ZERO_OUT: Family.HOUSEHOLD,
    EventKind.RETIREE_IN: Family.RETIREE,
    EventKind.RETIREE_OUT: Family.RETIREE,
    EventKind.RETIREE_REPORTED: Family.RETIREE,
    EventKind.PETITION_IN: "petition",
    EventKind.PETITION_OUT: "petition",
    EventKind.PETITION_ACCEPTED: "petition",
    EventKind.MATTER_IN: "inspection",
    EventKind.MATTER_OUT: "inspection",
    EventKind.ARREARS_SETTLED: "inspection",
    EventKind.CONSULTED: "consultation",
    EventKind.LEAFLETS: "consultation",
    EventKind.VACANCY_IN: Family.VACANCY,
    EventKind.VACANCY_OUT: Family.VACANCY,
    EventKind.HIRED: Family.VACANCY,
    EventKind.HOLDER_PLACED: "certificate",
}
_NAMED: Final = ("certificate", "policy", "loan", "training", "transfer")
"""Registers whose kinds of events are named after them."""


def family_of(kind: str) -> str:
    """The family of the entries to which events of a kind happen."""
    named, _, about = kind.partition("_")
    if about and named in _NAMED:
        return named
    return _FAMILIES.get(EventKind(kind), Family.PERSON)


class Reason(StrEnum):
    """Why a stock changed."""

    LISTED = "listed"  # first recorded in the ledger
    CAME_OF_AGE = "came_of_age"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    DIED = "died"
    AGED_OUT = "aged_out"
    CORRECTED = "corrected"  # merged, or a rule changed
    NEW_ENTRANT = "new_entrant"
    FROM_JOB = "from_job"
    JOB = "job"
    RETIRED = "retired"
    OTHER = "other"
    OPENED = "opened"
    STABLE = "stable"  # the job lasted
    CERTIFIED = "certified"
    RELAPSED = "relapsed"
    EXITED = "exited"
    NEWLY_RETIRED = "newly_retired"
    RESUMED = "resumed"
    STOPPED = "stopped"  # the pension
    EMIGRATED = "emigrated"
    RECEIVED = "received"
    REOPENED = "reopened"
    CLOSED = "closed"
    PASSED_ON = "passed_on"
    RENEWED = "renewed"
    MORE = "more"  # more people are wanted
    FEWER = "fewer"
    FREED = "freed"  # somebody left
    FILLED = "filled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ASSISTED = "assisted"  # the person has an assistance case
    REFUSED = "refused"
