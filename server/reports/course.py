"""The course of a report that is sent in: its states, the acts between them, and whose they are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.accounts.models import Role
from server.geo.models import Level


class State(models.TextChoices):
    """Where a report stands."""

    DRAFT = "draft", _("draft")
    CHECKED = "checked", _("checked")
    SUBMITTED = "submitted", _("submitted")
    RETURNED = "returned", _("returned")
    ACCEPTED = "accepted", _("accepted")
    LOCKED = "locked", _("locked")


class Step(models.TextChoices):
    """What is done with a report."""

    PREPARE = "prepare", _("Prepare")
    CHECK = "check", _("Check")
    SUBMIT = "submit", _("Submit")
    WITHDRAW = "withdraw", _("Withdraw")
    RETURN = "return", _("Return")
    ACCEPT = "accept", _("Accept")
    LOCK = "lock", _("Lock")


class Office(StrEnum):
    """Whose act it is."""

    OWN = "own"  # the office that the report is about
    ABOVE = "above"  # the office that receives it
    ADMINISTRATOR = "administrator"  # an administrator of the receiving office's area


@dataclass(frozen=True, slots=True)
class Rule:
    """An act: from which states it leads to which, whose it is, and whether it needs a reason."""

    step: Step
    since: frozenset[State]
    to: State
    by: Office
    needs_reason: bool = False


RULES: Final[dict[Step, Rule]] = {
    rule.step: rule
    for rule in (
        Rule(
            Step.CHECK,
            frozenset({State.DRAFT, State.CHECKED, State.RETURNED}),
            State.CHECKED,
            Office.OWN,
        ),
        Rule(Step.SUBMIT, frozenset({State.CHECKED}), State.SUBMITTED, Office.OWN),
        Rule(
            Step.WITHDRAW,
            frozenset({State.SUBMITTED}),
            State.DRAFT,
            Office.OWN,
            needs_reason=True,
        ),
        Rule(
            Step.RETURN,
            frozenset({State.SUBMITTED, State.ACCEPTED}),
            State.RETURNED,
            Office.ABOVE,
            needs_reason=True,
        ),
        Rule(Step.ACCEPT, frozenset({State.SUBMITTED}), State.ACCEPTED, Office.ABOVE),
        Rule(Step.LOCK, frozenset({State.ACCEPTED}), State.LOCKED, Office.ADMINISTRATOR),
    )
}
SENT: Final = frozenset({State.SUBMITTED, State.ACCEPTED, State.LOCKED})
"""States in which the receiving office has the report."""


def steps_from(state: State) -> Iterator[Rule]:
    """The acts that may follow a state."""
    for rule in RULES.values():
        if state in rule.since:
            yield rule


def staff_of(level: int | None) -> frozenset[Role]:
    """The roles that act for the office of a division of this level; None is the office above the province's."""
    is_local = level is not None and level >= Level.STREET
    return frozenset({Role.STREET if is_local else Role.COUNTY, Role.ADMINISTRATOR})
