"""Judging a version by the areas that its sender held at receipt, or on the visit's day (decision 0310)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import NamedTuple

from server.accounts.authority import Outside, covers, held_on, may_contribute
from server.geo.selectors import same_ground

Areas = tuple[str, ...]


class Considered(NamedTuple):
    """The areas by which a version is judged, as they were stored with it."""

    at_receipt: Areas
    deciders: Areas = ()  # of the staff who accepted it where it was held before
    history: tuple[str, ...] = ()  # of the sender, up to receipt (authority.HeldArea)


def judge(
    considered: Considered,
    day: date,
    *,
    community: str = "",
    original: str | None = None,
    entries: Iterable[str] = (),
    stands_at: str = "",
) -> tuple[Outside | None, Areas]:
    """The verdict on a version of a visit on this day, and the areas that were considered for it.

    It counts if the areas held at receipt cover what it names, or those held on the visit's
    day; an area of the one day and an area of the other do not add up. The codes that the same
    ground had before or has since count with each. By the visit's day counts only what stands
    in the areas of that day: `stands_at` is the division at which the record stands, else what
    it names or corrects. Who held no area at receipt was shut out, and no day that a phone
    states widens that. One query, only for what the areas at receipt do not cover.
    """
    at_receipt, deciders, history = considered
    named = partial(may_contribute, community=community, original=original, entries=tuple(entries))
    areas = tuple(sorted({*at_receipt, *deciders}))
    outside = named(at_receipt, more=deciders)
    if outside is None or not at_receipt:
        return outside, areas
    if named(at_receipt, more=(*deciders, *same_ground(at_receipt))) is None:
        return None, areas
    then = held_on(day, history)
    whole = (*then, *same_ground(then)) if then else ()
    if covers(whole, stands_at or community or original or "") and not named(whole, more=deciders):
        return None, tuple(sorted({*then, *deciders}))
    return outside, areas
