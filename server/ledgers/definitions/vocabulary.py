"""The words of the ledgers as enums: families, ledgers, exception kinds, states and the codes that rules read. Pure.

A member's value is what the database, the forms and the code lists (core/codes.csv) hold.
Folds, statements and pages name the member, so that a misspelt word fails at import and
not in a table. tests/contracts/test_vocabulary.py holds each enum equal to its code list.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Family(StrEnum):
    """The identity spaces that code speaks of; every contribution, key and exception belongs to one (`FAMILIES`).

    A spell and a case belong to a person (or household), a membership to a household.
    """

    PERSON = "person"
    HOUSEHOLD = "household"
    EMPLOYER = "employer"
    VACANCY = "vacancy"
    VISIT = "visit"
    RETIREE = "retiree"


class Ledger(StrEnum):
    """The ledgers that code speaks of, by the names that forms, folds and pages use; all of them: `DEFINITIONS`."""

    PERSON = "person"
    HOUSEHOLD = "household"
    SPELL = "spell"
    CASE = "case"
    VISIT = "visit"
    EMPLOYER = "employer"
    VACANCY = "vacancy"


class Level(IntEnum):
    """How well a contribution is verified (rules.md, Verification levels V0–V4)."""

    IMPORTED = 0
    PROXY = 1  # told by somebody else
    IN_PERSON = 2
    REVIEWED = 3  # approved, or decided by office staff
    DOCUMENT = 4


class ExceptionKind(StrEnum):
    """What the fold and the entity lists leave to a person to decide (rules.md, Exceptions)."""

    CONFLICT = "conflict"
    NAME_DIFFERS = "name_differs"
    TWO_HUKOU_HOUSEHOLDS = "two_hukou_households"
    MOVED_WITHIN = "moved_within"
    BAD_ID = "bad_id"
    ILLEGAL_MOVE = "illegal_move"
    LOCATION_MISMATCH = "location_mismatch"
    CLOCK = "clock"
    DEATH_REPORTED = "death_reported"
    MOVE_REPORTED = "move_reported"
    NOT_MET = "not_met"
    VISIT_REFUSED = "visit_refused"
    OFF_THE_ROSTER = "off_the_roster"
    ARITHMETIC = "arithmetic"
    STALE = "stale"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    ENTITY_CONFLICT = "entity_conflict"
    ENTITY_FAULT = "entity_fault"
    CORRECTION_FAULT = "correction_fault"


FOLDED_KINDS = frozenset(ExceptionKind) - {
    ExceptionKind.POSSIBLE_DUPLICATE,
    ExceptionKind.ENTITY_CONFLICT,
    ExceptionKind.ENTITY_FAULT,
    ExceptionKind.CORRECTION_FAULT,
}
"""The kinds that folding an entry raises; the others come from comparing persons, entity claims and corrections."""


class ActKind(StrEnum):
    """What office staff can decide about ledger entries (desk acts)."""

    SAME = "same"
    NOT_SAME = "not_same"
    CORRECT = "correct"
    VOID = "void"
    TWO_PLACES = "two_places"
    DIFFERENT = "different"
    MOVE = "move"
    STATE = "state"
    AGREE = "agree"
    REFUSE = "refuse"
    SUGGEST = "suggest"


OF_LINKS = (
    ActKind.AGREE,
    ActKind.REFUSE,
    ActKind.TWO_PLACES,
    ActKind.MOVE,
    ActKind.DIFFERENT,
)
"""What a desk can state about the link between its entry and another office's (decision 0251)."""


LINKS_OF_ACTS = ("person", "vacancy")
"""The links of an entry that a desk act makes: whom which vacancy was suggested to."""


class LinkState(StrEnum):
    """What holds between the rows that two offices have of one identity."""

    PROPOSED = "proposed"  # both know the number, and the desks have not agreed on more
    TWO_PLACES = "two_places"  # lives at the area of one, hukou at the other's
    MOVED = "moved"
    DIFFERENT = "different"


class ContributionFlag(StrEnum):
    """What extraction and geotagging remark about a contribution."""

    BAD_ID = "bad_id"
    BAD_USCC = "bad_uscc"
    BAD_PHONE = "bad_phone"
    CLOCK = "clock"
    OUTSIDE_AREA = "outside_area"
    NO_CONFIRMATION = "no_confirmation"  # it names the entry for something else than to confirm it


class MembershipRole(StrEnum):
    """How a person belongs to a household."""

    HUKOU = "hukou"
    RESIDENT = "resident"


class PersonStatus(StrEnum):
    """List PS."""

    ACTIVE = "1"
    MOVED_OUT = "2"
    DECEASED = "3"
    LOST = "4"
    MERGED = "5"


LISTED_PERSONS = (PersonStatus.ACTIVE, PersonStatus.LOST)
"""The states in which phones list a person: somebody lost may be met again."""


class SpellKind(StrEnum):
    """List SPK."""

    EMPLOYED = "1"
    UNEMPLOYED = "2"
    OUT = "3"  # out of the labour force


class CaseState(StrEnum):
    """List ST4: the course of an assistance case."""

    CANDIDATE = "1"
    OPENED = "2"
    CHECKED = "3"
    NOTICE = "4"
    CERTIFIED = "5"
    ACTIVE = "6"
    PLACED = "7"
    FOLLOW_UP = "8"
    CLOSED = "9"
    SUSPENDED = "10"


UNDER_WAY = frozenset({CaseState.CERTIFIED, CaseState.ACTIVE})
"""A certified case: the household is visited monthly (rules.md, Due dates)."""


class CloseReason(StrEnum):
    """List CL: why an assistance case was closed."""

    STABLE_JOB = "1"
    RETIRED = "2"
    REFUSED = "3"
    NOT_WILLING = "4"
    LOST_CAPACITY = "5"
    MOVED_OUT = "6"
    DIED = "7"
    NO_CONTACT = "8"
    NOT_ELIGIBLE = "9"
    SCHOOL_OR_ARMY = "10"
    BY_MISTAKE = "11"


class ZeroEmploymentState(StrEnum):
    """List ZS: the course of a household in which nobody works."""

    NO = "0"
    SUSPECTED = "1"
    APPLIED = "2"
    CHECKED = "3"
    CERTIFIED = "4"
    HELPED = "5"
    STABLE = "6"
    EXITED = "7"


IN_QUESTION = frozenset(
    {
        ZeroEmploymentState.SUSPECTED,
        ZeroEmploymentState.APPLIED,
        ZeroEmploymentState.CHECKED,
        ZeroEmploymentState.CERTIFIED,
    }
)
"""The household counts as zero-employment for its members' categories and has a case."""


class VacancyState(StrEnum):
    """List ST7."""

    REPORTED = "1"
    VERIFIED = "2"
    PUBLISHED = "3"
    PART_FILLED = "4"
    FILLED = "5"
    EXPIRED = "6"
    WITHDRAWN = "7"


class RetireeState(StrEnum):
    """List ST15."""

    IN_CARE = "1"
    LEFT = "2"
    DECEASED = "3"
    STOPPED = "4"
    EMIGRATED = "5"


LISTED_RETIREES = (RetireeState.IN_CARE, RetireeState.STOPPED)
"""The states in which phones list a retired person."""


class OfferState(StrEnum):
    """List ST8."""

    OFFERED = "1"
    ACCEPTED = "2"
    REFUSED = "3"
    CONSIDERED = "4"
    INTERVIEWED = "5"
    HIRED = "6"
    NOT_HIRED = "7"
    RETAINED = "8"
    LEFT = "9"


OPEN_OFFERS = (
    OfferState.OFFERED,
    OfferState.ACCEPTED,
    OfferState.CONSIDERED,
    OfferState.INTERVIEWED,
    OfferState.HIRED,
    OfferState.RETAINED,
)
"""Something may still come of the offer, or the job it led to may end."""


class TrainingState(StrEnum):
    """List ST12."""

    APPLIED = "1"
    APPROVED = "2"
    ENROLLED = "3"
    COMPLETED = "4"
    DROPPED = "5"
    CERTIFIED = "6"
    PLACED = "7"


OPEN_TRAINING = (
    TrainingState.APPLIED,
    TrainingState.APPROVED,
    TrainingState.ENROLLED,
    TrainingState.COMPLETED,
    TrainingState.CERTIFIED,
)
"""Something may still come of the training: its end, a certificate, work."""

OPEN_VACANCY_STATES = (
    VacancyState.REPORTED,
    VacancyState.VERIFIED,
    VacancyState.PUBLISHED,
    VacancyState.PART_FILLED,
)
"""Somebody may still be placed in the vacancy."""


class VisitOutcome(StrEnum):
    """List VO."""

    COMPLETE = "1"
    PARTIAL = "2"
    NO_ONE_HOME = "3"
    REFUSED = "4"
    ADDRESS_NOT_FOUND = "5"
    MOVED = "6"
    DECEASED = "7"
    RESCHEDULED = "8"
    STOPPED_UNSAFE = "9"


VISITED = (VisitOutcome.COMPLETE, VisitOutcome.PARTIAL)
"""Outcomes by which a visit counts as made."""


class EntityList(StrEnum):
    """The entity lists that phones get, by the names that forms use (openrosa.md, Entity lists)."""

    COMMUNITIES = "communities"
    HOUSEHOLDS = "households"
    CASES = "cases"
    EMPLOYERS = "employers"
    PERSONS = "persons"
    VACANCIES = "vacancies"
    RETIREES = "retirees"


LIST_FAMILIES = {
    EntityList.HOUSEHOLDS: Family.HOUSEHOLD,
    EntityList.EMPLOYERS: Family.EMPLOYER,
    EntityList.PERSONS: Family.PERSON,
    EntityList.VACANCIES: Family.VACANCY,
    EntityList.RETIREES: Family.RETIREE,
}
"""The lists whose entries can be merged into others, with the family that tells which."""


class ClaimVerdict(StrEnum):
    """How an entity claim was judged when it arrived; the faults of a block are in submissions.entity_blocks."""

    OK = ""
    HARD = "hard"  # the form and somebody else changed the same property differently
    SOFT = "soft"  # somebody else changed another property
    UNKNOWN_ID = "unknown_id"
    UNKNOWN_LIST = "unknown_list"
