"""A report that was submitted, for tests of who may see and do what."""

from __future__ import annotations

from typing import Any

from server.core import clock
from server.reports.course import State, Step
from server.reports.definitions.periods import period_named
from server.reports.filings import division_of, due_on
from server.reports.freezing import Frozen, content_of, digest_of
from server.reports.models import Filing, FilingStep


def make_filing(user: Any, area: str, *, reason: str = "") -> Filing:
    """The report R2 of a division for the third quarter of 2026, as submitted by the user; its table is all zeros."""
    period, at = period_named("2026Q3"), clock.now()
    filing = Filing.objects.create(
        report="R2", area_code=area, period=period.name, state=State.SUBMITTED,
        due_on=due_on(division_of(area), period),
    )  # fmt: skip
    content = content_of(
        Frozen("R2", area, period, at, user.username, {"total": {}}, {"total": {}})
    )
    FilingStep.objects.create(
        filing=filing, step=Step.SUBMIT, to=State.SUBMITTED, by=user, at=at, reason=reason,
        content=content, sha256=digest_of(content),
    )  # fmt: skip
    return filing
