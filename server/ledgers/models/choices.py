"""The labels of families, exception kinds and kinds of desk acts, and the constraints that keep other words out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from server.ledgers.definitions.resolutions import Resolution
from server.ledgers.definitions.vocabulary import ActKind, ExceptionKind, Family, LinkState
from server.ledgers.identity.likeness import Reason
from server.ledgers.models.registry import DECLARED


def _choices(labels: dict[Any, Any], words: type[StrEnum]) -> list[tuple[str, Any]]:
    """Every word with its label, as Django's `choices`; a word without a label is a KeyError at import."""
    return [(word.value, labels[word]) for word in words]


_SINGLE = {
    Family.PERSON: _("person"),
    Family.HOUSEHOLD: _("household"),
    Family.EMPLOYER: _("employer"),
    Family.VACANCY: _("vacancy"),
    Family.VISIT: _("visit"),
}
"""What one entry is called; where nothing stands here, as its ledger."""

FAMILY_CHOICES: list[tuple[str, Any]] = [
    (name, _SINGLE.get(name, lazystr(definition.label)))  # type: ignore[call-overload]
    for name, definition in DECLARED.items()
    if not definition.part_of
]

ACT_CHOICES = _choices(
    {
        ActKind.SAME: _("are the same"),
        ActKind.NOT_SAME: _("are not the same"),
        ActKind.CORRECT: _("correct value"),
        ActKind.VOID: _("void"),
        ActKind.STATE: _("move to another state"),
        ActKind.TWO_PLACES: _("lives at one, hukou at the other"),
        ActKind.DIFFERENT: _("are different, whatever the number says"),
        ActKind.MOVE: _("has moved here"),
        ActKind.AGREE: _("agreed"),
        ActKind.REFUSE: _("refused"),
        ActKind.SUGGEST: _("suggest a vacancy"),
    },
    ActKind,
)

LINK_CHOICES = _choices(
    {
        LinkState.PROPOSED: _("not settled"),
        LinkState.TWO_PLACES: _("lives at one, hukou at the other"),
        LinkState.MOVED: _("moved"),
        LinkState.DIFFERENT: _("different"),
    },
    LinkState,
)

EXCEPTION_CHOICES = _choices(
    {
        ExceptionKind.CONFLICT: _("conflicting values"),
        ExceptionKind.NAME_DIFFERS: _("same ID number, other name"),
        ExceptionKind.TWO_HUKOU_HOUSEHOLDS: _("registered in two households"),
        ExceptionKind.MOVED_WITHIN: _("moved within the street"),
        ExceptionKind.BAD_ID: _("ID number fails its check"),
        ExceptionKind.ILLEGAL_MOVE: _("state change not allowed"),
        ExceptionKind.LOCATION_MISMATCH: _("location does not fit"),
        ExceptionKind.CLOCK: _("device clock not plausible"),
        ExceptionKind.DEATH_REPORTED: _("death to be proved"),
        ExceptionKind.MOVE_REPORTED: _("moved away, a visit found"),
        ExceptionKind.NOT_MET: _("not met again and again"),
        ExceptionKind.VISIT_REFUSED: _("visit refused"),
        ExceptionKind.OFF_THE_ROSTER: _("no longer on any roster"),
        ExceptionKind.ARITHMETIC: _("numbers do not fit together"),
        ExceptionKind.STALE: _("not confirmed for long"),
        ExceptionKind.POSSIBLE_DUPLICATE: _("possibly the same"),
        ExceptionKind.ENTITY_CONFLICT: _("changed from an older state"),
        ExceptionKind.ENTITY_FAULT: _("entity cannot be used"),
        ExceptionKind.CORRECTION_FAULT: _("correction cannot be used"),
    },
    ExceptionKind,
)

RESOLUTION_CHOICES = _choices(
    {
        Resolution.KEEP: _("keep this value"),
        Resolution.CORRECT: _("correct the value"),
        Resolution.FORMER_NAME: _("it is a former name"),
        Resolution.MOVE: _("move to another state"),
        Resolution.ALIVE: _("the person lives"),
        Resolution.SAME: _("the same"),
        Resolution.NOT_SAME: _("not the same"),
        Resolution.VOID: _("take it out of the ledger"),
        Resolution.SEND_BACK: _("report issues of the record"),
        Resolution.REJECT: _("reject the record"),
        Resolution.NOTE: _("settled, with a note"),
    },
    Resolution,
)

REASON_CHOICES = _choices(
    {
        Reason.NAME: _("same name"),
        Reason.FORMER_NAME: _("a former name"),
        Reason.READING: _("name sounds the same"),
        Reason.BIRTH: _("same date of birth"),
        Reason.BIRTH_CLOSE: _("date of birth close or not known"),
        Reason.PHONE: _("same phone"),
        Reason.HOUSEHOLD: _("same household, now or before"),
        Reason.RELATION: _("same relation to the head"),
        Reason.ADDRESS: _("same address"),
        Reason.PLACE: _("within fifty metres"),
        Reason.MEMBER: _("a member in common"),
        Reason.NAMESAKE: _("members with the same name"),
        Reason.BOOK: _("same household register"),
        Reason.OTHER_SEX: _("another sex"),
        Reason.OTHER_BIRTH: _("another date of birth"),
        Reason.TOGETHER: _("one record names both"),
    },
    Reason,
)


def one_of(column: str, choices: Sequence[tuple[str, Any]], name: str) -> models.CheckConstraint:
    """A constraint: the column holds one of the choices."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": [value for value, _label in choices]}), name=name
    )
