"""A frozen table: its canonical form, whose SHA-256 the office above and everybody later can check. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.reports.counting import Cells
from server.reports.definitions.periods import Period, period_named


@dataclass(frozen=True, slots=True)
class Frozen:
    """All values of a report as they were submitted.

    The facts were true in the period, and known at `known_by`, the instant of submission. `whole`
    is the table as the restricted role sees it, `plain` as everybody else does.
    """

    report: str
    area: str  # whole code
    period: Period
    known_by: datetime
    signer: str  # user name
    plain: Cells
    whole: Cells


def content_of(frozen: Frozen) -> str:
    """The canonical form: JSON with sorted names, without spaces, in UTF-8; times in ISO 8601 with their offset."""
    values = {
        "format": 1,
        "report": frozen.report,
        "area": frozen.area,
        "period": frozen.period.name,
        "starts_on": frozen.period.starts_on,
        "true_from": str(frozen.period.first),
        "true_until": str(frozen.period.last),
        "known_by": frozen.known_by.isoformat(),
        "signer": frozen.signer,
        "plain": frozen.plain,
        "whole": frozen.whole,
    }
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def frozen_from(content: str) -> Frozen:
    """The table that `content_of` wrote."""
    values: dict[str, Any] = json.loads(content)
    return Frozen(
        report=values["report"],
        area=values["area"],
        period=period_named(values["period"], values["starts_on"]),
        known_by=datetime.fromisoformat(values["known_by"]),
        signer=values["signer"],
        plain=values["plain"],
        whole=values["whole"],
    )


def digest_of(content: str) -> str:
    """The SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()
