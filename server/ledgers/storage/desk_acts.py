"""Desk acts as the contributions they make."""

from __future__ import annotations

from typing import Any

from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.models import DeskAct

_REVIEWED = 3


def contribution_of_act(act: DeskAct) -> Contribution | None:
    """What a desk act says; None when it is undone or says nothing to the fold."""
    if act.undone_at is not None or act.kind == ActKind.NOT_SAME:
        return None
    keys = (str(act.entry), str(act.other)) if act.other else (str(act.entry),)
    values: dict[str, Any] = {}
    if act.kind == ActKind.VOID:
        values = {"void": True}
    elif act.kind == ActKind.CORRECT:
        values = dict(act.value or {})
    return Contribution(
        id=-act.pk,
        family=act.family,
        keys=keys,
        submission_id=None,
        form_version_id=None,
        path="",
        observed_at=act.at,
        received_at=act.at,
        instance_id=f"{DESK}{act.pk}",
        worker_id=act.user_id,
        level=_REVIEWED,
        area_code="",
        values=values,
    )
