"""Sends reports in: preparing, checking, submitting, returning, accepting and locking them (reports.md, Sending in)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from server.accounts.access import READERS, RESTRICTED, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.labels import listed
from server.core.problems import ReasonMissing
from server.core.request_problems import NotAllowed
from server.geo.codes_since import codes_since
from server.reports.counting import TOTAL, Cells, Gap, Scope, cells_of, gaps_of
from server.reports.course import RULES, Office, State, Step, steps_from
from server.reports.definitions.periods import Period
from server.reports.definitions.tables import Report
from server.reports.facts.keeping import take_facts_lock
from server.reports.filings import division_of, due_on, may_take, period_of
from server.reports.freezing import Frozen, content_of, digest_of
from server.reports.models import Filing, FilingStep
from server.reports.problems import (
    AlreadyPrepared,
    BalancesFail,
    CheckAgain,
    NoSuchFiling,
    NoSuchReport,
    NotInOrder,
    PeriodNotOver,
)
from server.reports.selectors import hides_gap, labels_of, report_named

_GAPS_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Counted:
    """A report counted now, whole, with the balances that do not hold."""

    report: Report
    scope: Scope
    cells: Cells
    gaps: list[Gap]

    @property
    def failed(self) -> list[list[str]]:
        return [[gap.balance.label.zh, gap.row] for gap in self.gaps]


@transaction.atomic
def prepare(*, code: str, area: str, period: Period, user: User, access: Access) -> Filing:
    """Begin the report of a division and period as a draft, under the code that the division had on the period's last day.

    Raises NoSuchReport; NotAllowed unless the user acts for the division's office; AlreadyPrepared.
    """
    report, division = report_named(code), division_of(codes_since().on(area, period.last))
    if not access.may(READERS, division.prefix):
        raise NoSuchReport
    if not may_take(access, division, Office.OWN):
        raise NotAllowed
    filing, is_new = Filing.objects.get_or_create(
        report=report.code,
        area_code=division.code,
        period=period.name,
        starts_on=period.starts_on,
        defaults={"due_on": due_on(division, period)},
    )
    if not is_new:
        raise AlreadyPrepared(number=filing.pk)
    step = FilingStep(filing=filing, step=Step.PREPARE, to=State.DRAFT, by=user, at=clock.now())
    step.save(force_insert=True)
    _record(Act.REPORT_PREPARED, filing, step, None)
    return filing


@transaction.atomic
def take_step(*, number: int, step: Step, reason: str, user: User, access: Access) -> Filing:
    """Check, submit, withdraw, return, accept or lock a report.

    Checking counts the balances; where one does not hold, a reason is needed. Submitting freezes the
    table as it is known at that instant; it waits until no other process changes facts, so that the
    same facts give the same table later. Locks the filing's row to the end of the transaction.

    Raises NoSuchFiling; NotInOrder; NotAllowed; ReasonMissing; PeriodNotOver; BalancesFail; CheckAgain.
    """
    filing = Filing.objects.select_for_update().filter(access.within(), pk=number).first()
    if filing is None:
        raise NoSuchFiling(number=number)
    rule, before = RULES.get(step), State(filing.state)
    division = division_of(filing.area_code)
    if rule is not None and not may_take(access, division, rule.by):
        raise NotAllowed
    if rule is None or before not in rule.since:
        steps = listed([str(item.step.label) for item in steps_from(before)]) or "—"
        raise NotInOrder(state=before.label, steps=steps)
    reason = reason.strip()
    if rule.needs_reason and not reason:
        raise ReasonMissing
    taken = FilingStep(filing=filing, step=step, to=rule.to, by=user, reason=reason)
    if step is Step.CHECK:
        _check(taken, access)
    elif step is Step.SUBMIT:
        _freeze(taken, access)
    taken.at = taken.at or clock.now()
    taken.save(force_insert=True)
    filing.state = rule.to
    filing.save(update_fields=["state"])
    _record(Act.REPORT_STEP, filing, taken, before)
    return filing


def _check(step: FilingStep, access: Access) -> None:
    counted = _count(step.filing)
    if counted.gaps and not step.reason:
        raise BalancesFail(gaps=_words(counted, access))
    step.failed = counted.failed


def _freeze(step: FilingStep, access: Access) -> None:
    """Put the table into the step, as it is known at this instant."""
    take_facts_lock()
    filing, step.at = step.filing, clock.now()
    counted = _count(filing, at=step)
    checked = filing.steps.filter(step=Step.CHECK).last()
    if checked is None or any(item not in checked.failed for item in counted.failed):
        raise CheckAgain(gaps=_words(counted, access))
    plain = replace(counted.scope, known_by=step.at, sees_restricted=False)
    step.failed = counted.failed
    step.content = content_of(
        Frozen(
            report=filing.report,
            area=filing.area_code,
            period=counted.scope.period,
            known_by=step.at,
            signer=step.by.username,
            plain=cells_of(counted.report, plain),
            whole=counted.cells,
        )
    )
    step.sha256 = digest_of(step.content)


def _count(filing: Filing, at: FilingStep | None = None) -> _Counted:
    """Count the report now, or as known at the step. Raises PeriodNotOver."""
    period, report = period_of(filing), report_named(filing.report)
    if clock.today() <= period.last:
        raise PeriodNotOver(last=period.last)
    scope = Scope(
        division_of(filing.area_code).prefix,
        period,
        at.at if at else None,
        codes=codes_since(),
    )
    cells = cells_of(report, scope)
    return _Counted(report, scope, cells, gaps_of(report, scope, cells))


def _words(counted: _Counted, access: Access) -> str:
    """The balances that do not hold, with their numbers; of restricted rows without, for who may not see them."""
    names = {**labels_of(counted.report, counted.cells, counted.scope.period), TOTAL: _("Total")}
    sees = access.may(RESTRICTED, counted.scope.area)
    words = []
    for gap in counted.gaps[:_GAPS_NAMED]:
        text = f"{gap.balance.label} · {names[gap.row]}"
        if sees or not hides_gap(counted.report, gap):
            text += f" {gap.left:g} ≠ {gap.right:g}"
        words.append(text)
    left_off = len(counted.gaps) - len(words)
    return listed([*words, f"+{left_off}"] if left_off else words)


def _record(act: Act, filing: Filing, step: FilingStep, before: State | None) -> None:
    record(
        act,
        actor=step.by,
        object_type="report",
        object_id=filing.pk,
        area=division_of(filing.area_code).prefix,
        reason=step.reason,
        before=before,
        after=step.to,
        facts={
            "report": filing.report,
            "period": filing.period,
            "starts_on": filing.starts_on,
            "step": step.step,
            **({"sha256": step.sha256} if step.sha256 else {}),
        },
    )
