"""A contribution in memory: what one record of one submission, or one desk act, states about one entry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from server.core.clock import office_day

DESK = "desk:"
"""Begins the instance_id of a contribution that is a desk act."""


@dataclass(slots=True)
class Contribution:
    """One contribution: plain values only, sealed where the column is, so that folding needs no key and no database.

    Beside the ledger's columns, `values` may hold columns of its parts ("spell.start_on",
    "case.state"), a sealed column's search hash ("id_no#") and "void" (a desk act).
    """

    id: int
    family: str
    keys: tuple[str, ...]  # uuids, strongest first
    submission_id: int | None
    form_version_id: int | None
    path: str
    observed_at: datetime
    received_at: datetime
    instance_id: str
    worker_id: int
    level: int  # V0–V4
    area_code: str
    values: dict[str, Any]
    links: dict[str, str] = field(default_factory=dict)  # name → a key of the linked entry
    flags: tuple[str, ...] = ()  # members of ContributionFlag
    identities: dict[str, str] = field(default_factory=dict)  # key → its identity at every office
    corrected: dict[str, int] = field(
        default_factory=dict
    )  # column → the submission that corrects it
    entry: str = ""  # the entry that the keys resolve to now

    @property
    def order(self) -> tuple[datetime, datetime, str, int]:
        """The contribution's place in the fold (fold.md, Order)."""
        return (self.observed_at, self.received_at, self.instance_id, self.id)

    @property
    def day(self) -> date:
        return office_day(self.observed_at)

    @property
    def is_desk_act(self) -> bool:
        return self.instance_id.startswith(DESK)
