"""Decisions about the rule table: preview a change, make it from a day on, withdraw it (rules.md, Rule table)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from server.accounts.access import Access
from server.accounts.models import Role
from server.audit.models import Act
from server.audit.services import record
from server.core.clock import office_day
from server.core.masking import mask_numbers
from server.core.row_security import Crossing, across_areas
from server.geo.codes import code_prefix, whole_code
from server.geo.models import Division
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.rule_keys import RULE_KEYS, Changer, RuleKey, UnfitValue
from server.ledgers.definitions.sensitivity import has_restricted
from server.ledgers.folding.derive.rules import Rule, rules
from server.ledgers.models import RuleValue
from server.ledgers.problems import (
    ActReasonMissing,
    BadRule,
    NoSuchRule,
    RuleNotYours,
    RuleWithdrawn,
)
from server.ledgers.reading.entries import may_see_restricted
from server.ledgers.reading.rules import decided_rules
from server.ledgers.refolding.previewing import Preview, preview
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.rules import queue_for

REFOLD: Final = "ledgers.refold_due"
REFOLD_LOCK: Final = "refold_due"
_LONGEST_REASON: Final = 500


def may_change(access: Access, rule: RuleKey, area: str) -> bool:
    """Whether the user may decide a rule for an area (a prefix; "" is everywhere).

    An administrator of a wide enough area may, within it; street staff may for rules that
    streets decide.
    """
    roles = {Role.ADMINISTRATOR}
    if rule.changer is Changer.STREET:
        roles.add(Role.STREET)
    return any(
        area.startswith(prefix) and len(prefix) <= rule.changer for prefix in access.areas(roles)
    )


def proposed_rule(
    access: Access, *, key: str, area: str, value: str, since: date, until: date | None
) -> Rule:
    """A rule that the user may decide. `area` is a division's code or "" for everywhere.

    Raises NoSuchRule, BadRule, RuleNotYours.
    """
    known = RULE_KEYS.get(key)
    if known is None:
        raise NoSuchRule
    prefix = _prefix(key, area)
    if not may_change(access, known, prefix):
        raise RuleNotYours(key=key, why=_why_not(known))
    try:
        fitting = known.fitting(value)
    except UnfitValue as error:
        raise BadRule(key=key, why=_("the value has to be {takes}").format(takes=error)) from None
    first = rules().first_day
    if since < first:
        raise BadRule(key=key, why=_("it cannot begin before {day}").format(day=first))
    if until is not None and until <= since:
        raise BadRule(key=key, why=_("its end has to come after its first day"))
    return Rule(key, prefix, since, until, fitting)


def _prefix(key: str, area: str) -> str:
    if not area:
        return ""
    code = whole_code(area)
    if code is None or not Division.objects.filter(pk=code).exists():
        raise BadRule(key=key, why=_("there is no division of this code"))
    return code_prefix(code)


def _why_not(rule: RuleKey) -> str:
    if rule.changer is Changer.RELEASE:
        return _("another value needs all ledgers computed again, by whoever installs the server")
    if rule.changer is Changer.PROVINCE:
        return _("an administrator of the province or of everywhere decides it")
    if rule.changer is Changer.COUNTY:
        return _("an administrator of the county or of more decides it")
    return _("street staff decide it for their own area alone")


@across_areas(Crossing.RULES)
def preview_change(access: Access, rule: Rule, *, today: date, most: int) -> Preview:
    """What a rule of `proposed_rule` would change among up to so many entries of each ledger; writes nothing.

    Ledgers and columns that the reader may not see are left out.
    """
    return _shown(access, preview(rule, today=today, most=most), rule.area)


@across_areas(Crossing.RULES)
def preview_withdrawal(access: Access, number: int, *, today: date, most: int) -> Preview:
    """What withdrawing a decided value would change, likewise. Raises as `withdraw_rule`."""
    value = _decided(access, number)
    rule = Rule(value.key, value.area_code, value.since, value.until, value.value)
    return _shown(access, preview(rule, today=today, most=most, without=True), rule.area)


def _shown(access: Access, foreseen: Preview, area: str) -> Preview:
    """The preview without what only the restricted role sees, for a reader who does not hold it in the area."""
    if may_see_restricted(access, area):
        return foreseen
    hidden = {ledger for ledger, definition in DEFINITIONS.items() if definition.is_restricted}

    def is_hidden(ledger: str, name: str) -> bool:
        column = COLUMNS[ledger].get(name)
        return ledger in hidden or (column is not None and has_restricted(column))

    shown = Preview(foreseen.day, cut=foreseen.cut - hidden)
    for ledger, number in foreseen.compared.items():
        if ledger not in hidden:
            shown.compared[ledger] = number
    for (ledger, name, *values), number in foreseen.columns.items():
        if not is_hidden(ledger, name):
            shown.columns[ledger, name, values[0], values[1]] = number
    for (ledger, entry), names in foreseen.entries.items():
        seen = [name for name in names if not is_hidden(ledger, name)]
        if seen or (not names and ledger not in hidden):
            shown.entries[ledger, entry] = seen
    return shown


@across_areas(Crossing.RULES)
@transaction.atomic
def change_rule(rule: Rule, *, reason: str, access: Access, at: datetime) -> RuleValue:
    """Decide a rule of `proposed_rule`, and queue the entries that rest on it.

    The worker folds them again in batches. Takes the merge lock to the end of the
    transaction. Raises ActReasonMissing, RuleNotYours.
    """
    reason = _checked(reason)
    if not may_change(access, RULE_KEYS[rule.key], rule.area):
        raise RuleNotYours(key=rule.key, why=_why_not(RULE_KEYS[rule.key]))
    take_merge_lock()
    value = RuleValue.objects.create(
        key=rule.key,
        area_code=rule.area,
        value=rule.value,
        since=rule.since,
        until=rule.until,
        reason=reason,
        decided_at=at,
        decided_by_id=access.user_id,
        queued_on=office_day(at),
    )
    _queue(value, at)
    _record(value, access, reason)
    return value


@across_areas(Crossing.RULES)
@transaction.atomic
def withdraw_rule(number: int, *, reason: str, access: Access, at: datetime) -> RuleValue:
    """Take a decided value back: what stood without it holds again, for all its days.

    Locks the value, takes the merge lock to the end of the transaction, queues as `change_rule`.
    Raises NoSuchRule, RuleNotYours, RuleWithdrawn, ActReasonMissing.
    """
    reason = _checked(reason)
    take_merge_lock()
    value = _decided(access, number)
    value.withdrawn_at, value.withdrawn_by_id = at, access.user_id
    value.withdrawn_because = reason
    value.save(update_fields=("withdrawn_at", "withdrawn_by", "withdrawn_because"))
    _queue(value, at)
    _record(value, access, reason)
    return value


def _checked(reason: str) -> str:
    if not reason.strip():
        raise ActReasonMissing
    return mask_numbers(reason.strip())[:_LONGEST_REASON]


def _decided(access: Access, number: int) -> RuleValue:
    """A value that stands and that the user may withdraw."""
    value = decided_rules(access).filter(pk=number).first()
    if value is None:
        raise NoSuchRule
    rule = RULE_KEYS[value.key]
    if not may_change(access, rule, value.area_code):
        raise RuleNotYours(key=value.key, why=_why_not(rule))
    if value.withdrawn_at is not None:
        raise RuleWithdrawn
    return value


def _queue(value: RuleValue, at: datetime) -> None:
    if queue_for(value, office_day(at)):
        with suppress(AlreadyEnqueued), transaction.atomic():
            app.configure_task(REFOLD, queueing_lock=REFOLD_LOCK).defer(timestamp=0)


def _record(value: RuleValue, access: Access, reason: str) -> None:
    record(
        Act.RULE,
        actor=access,
        object_type="rule",
        object_id=value.pk,
        area=value.area_code,
        reason=reason,
        facts={
            "key": value.key,
            "value": value.value,
            "since": value.since.isoformat(),
            "until": value.until.isoformat() if value.until else None,
            "withdrawn": value.withdrawn_at is not None,
        },
    )
