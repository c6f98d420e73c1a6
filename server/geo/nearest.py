"""Orders doors so that each is followed by the nearest one left. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from server.geo.distance import metres_between

DoorT = TypeVar("DoorT")
Position = tuple[float, float]
"""Longitude and latitude, WGS 84."""


def by_nearest(
    doors: Sequence[DoorT],
    position: Callable[[DoorT], Position | None],
    address: Callable[[DoorT], str],
) -> list[DoorT]:
    """The doors, from the first that has a position to the nearest one left, and so on.

    Of doors equally near, the earlier in `doors` comes first. Doors without a position come
    last, by address. The time grows with the square of the number of doors.
    """
    left = [(door, at) for door in doors if (at := position(door)) is not None]
    ordered: list[DoorT] = []
    place = left[0][1] if left else None
    while left and place is not None:
        here = place
        nearest = min(range(len(left)), key=lambda index: metres_between(here, left[index][1]))
        door, place = left.pop(nearest)
        ordered.append(door)
    return ordered + sorted((door for door in doors if position(door) is None), key=address)
