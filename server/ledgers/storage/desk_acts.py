"""Desk acts as the contributions they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from server.geo.codes_since import CodesSince, codes_since
from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.definitions.vocabulary import OF_LINKS, ActKind, Level
from server.ledgers.intake.contribute import values_now
from server.ledgers.models import DeskAct
from server.ledgers.storage.resealing import with_current_key

_SILENT = frozenset({ActKind.NOT_SAME, *OF_LINKS})


def contributions_of_acts(
    acts: Iterable[DeskAct], codes: CodesSince | None = None
) -> list[Contribution]:
    """The contributions of desk acts; one that was undone, tells two entries apart or is about a link makes none.

    Divisions have their codes of today, or those of `codes`. One query, none without acts.
    """
    counting = [act for act in acts if act.undone_at is None and act.kind not in _SILENT]
    if not counting:
        return []
    since = codes_since() if codes is None else codes
    return [_contribution(act, since.now) for act in counting]


def _contribution(act: DeskAct, code_now: Callable[[str], str]) -> Contribution:
    if act.kind == ActKind.VOID:
        values = {"void": True}
    elif act.kind in (ActKind.CORRECT, ActKind.STATE, ActKind.SUGGEST):
        values = values_now(act.family, with_current_key(dict(act.value or {})), code_now)
    else:
        values = {}
    return Contribution(
        id=contribution_id_of_act(act),
        family=act.family,
        keys=(str(act.entry), str(act.other)) if act.other else (str(act.entry),),
        submission_id=None,
        form_version_id=None,
        path="",
        observed_at=act.at,
        received_at=act.at,
        instance_id=f"{DESK}{act.pk}",
        worker_id=act.user_id,
        level=Level.DOCUMENT if act.evidence else Level.REVIEWED,
        area_code=code_now(act.area_code) if act.kind == ActKind.SUGGEST else "",
        values=values,
        links=dict(act.links),
    )


def contribution_id_of_act(act: DeskAct) -> int:
    """The id of the contribution that a desk act makes (definitions/ordinals.py)."""
    return -act.pk
