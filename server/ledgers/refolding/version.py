"""By which version of the code the ledgers were computed, and computing them again after an upgrade.

The rows of a ledger follow from records, desk acts and the code of the fold. A newer fold gives
other rows, and an entry would have the new ones only once something about it changes: until
then two neighbours are judged by two rules. So the start of a new version computes all of them
again, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from django.db import transaction

from server.ledgers.models import FoldVersion
from server.ledgers.refolding.rebuild import Progress, Report, rebuild
from server.ledgers.storage.rebuilding import areas_of_contributions

_ROOM: Final = Path(__file__).parents[1]
_CODES: Final = _ROOM.parent / "core" / "codes.csv"
_FOLD: Final = ("definitions", "folding", "identity", "intake", "refolding")
"""The packages from which rows follow, but for how they are stored."""


@cache
def fold_digest() -> str:
    """A digest of the code and the tables from which the ledgers' rows follow."""
    files = [
        path
        for package in _FOLD
        for path in sorted((_ROOM / package).rglob("*"))
        if path.suffix in (".py", ".csv")
    ]
    digest = hashlib.sha256()
    for path in (*files, _CODES):
        digest.update(path.relative_to(_ROOM.parent).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_folded_by_this_code() -> bool:
    """Whether all ledgers were computed by the code that runs."""
    return FoldVersion.objects.filter(pk=1, digest=fold_digest()).exists()


def note_folded() -> None:
    """Note that the code that runs has computed all ledgers."""
    FoldVersion.objects.update_or_create(
        pk=1, defaults={"digest": fold_digest(), "begun": "", "areas": []}
    )


def fold_whole(as_of: date, progress: Progress) -> Report:
    """Compute all ledgers by this code in one transaction, and note it. Locks as `rebuild`."""
    with transaction.atomic():
        report = rebuild(area="", keep=True, as_of=as_of, progress=progress)
        note_folded()
    return report


def fold_areas(as_of: date, progress: Progress, done: Callable[[str, Report], None]) -> int:
    """Compute the ledgers by this code area by area, a transaction each; how many areas that were.

    What was done before an interruption is not done again. Merging goes on between two areas.
    """
    state, _is_new = FoldVersion.objects.get_or_create(pk=1)
    if state.begun != fold_digest():
        state.begun, state.areas = fold_digest(), []
        state.save()
    waiting = [area for area in areas_of_contributions() if area not in state.areas]
    for area in waiting:
        with transaction.atomic():
            report = rebuild(area=area, keep=True, as_of=as_of, progress=progress)
            state.areas = [*state.areas, area]
            state.save()
        done(area, report)
    note_folded()
    return len(waiting)
