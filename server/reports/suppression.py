"""Which numbers of a published table are withheld, so that no small one can be computed from the others. Pure.

The numbers of a table flow: a cell from its row to its column, a column's total on to the total, and from there back
into the rows. What is shown fixes a withheld number exactly when it can neither grow nor shrink by one while every other
withheld number stays 0 or more; and that is so when no round of withheld numbers leads from its end back to its
beginning. Then the cheapest round through other numbers is withheld, too (decision 0383).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final, NamedTuple

SMALL: Final = 3
"""Smaller numbers may tell who it is; none and one look alike, or the difference would."""
Place = Any
"""What names a number of the table; hashable."""


class Flow(NamedTuple):
    """A number of a table, from one sum that it belongs to into the other."""

    tail: Hashable
    head: Hashable
    number: float


Flows = Mapping[Place, Flow]


def column_flows(numbers: Mapping[Place, float], total: Place) -> dict[Place, Flow]:
    """A column whose last number is the sum of the others; `total` is its name."""
    return {
        place: Flow("all", "parts", number) if place == total else Flow("parts", "all", number)
        for place, number in numbers.items()
    }


def table_flows(rows: Sequence[Sequence[int]]) -> dict[Place, Flow]:
    """The cells of a table by (row, column), with the totals of rows, columns and all in a last column and row."""
    height, width = len(rows), len(rows[0]) if rows else 0
    table = [[*row, sum(row)] for row in rows]
    table.append([sum(row[c] for row in table) for c in range(width + 1)])
    flows: dict[Place, Flow] = {}
    for r, row in enumerate(table):
        for c, number in enumerate(row):
            ends = ("row", r), ("column", c)
            backwards = (r == height) != (c == width)  # the total of a row or of a column
            tail, head = reversed(ends) if backwards else ends
            flows[r, c] = Flow(tail, head, number)
    return flows


def withheld(flows: Flows, small: Collection[Place]) -> set[Place]:
    """The places of a table whose numbers are withheld: the small ones, and as many others as keep them from being computed.

    Numbers are 0 or more. What is withheld must be shown alike, or who knows which are small knows more.
    """
    places = set(small)
    while (given_away := next(fixed(flows, places), None)) is not None:
        places |= _cheapest_round(flows, places, given_away)
    return places


def fixed(flows: Flows, places: Collection[Place]) -> Iterator[Place]:
    """The withheld places whose numbers follow from those that are shown."""
    for place in places:
        free = {other: 0 for other in places if other != place}
        tail, head, number = flows[place]
        if _path(flows, free, head, tail) is None and (
            number == 0 or _path(flows, free, tail, head) is None
        ):
            yield place


def _cheapest_round(flows: Flows, places: Collection[Place], place: Place) -> set[Place]:
    """The numbers that let the one at a place grow or shrink, as little of the table as can be."""
    costs = {
        other: 0 if other in places else 1 + flow.number
        for other, flow in flows.items()
        if other != place
    }
    tail, head, number = flows[place]
    paths = [_path(flows, costs, head, tail)]
    if number:
        paths.append(_path(flows, costs, tail, head))
    return min((path for path in paths if path is not None), key=lambda path: path[0])[1]


def _path(
    flows: Flows, costs: Mapping[Place, float], start: Hashable, goal: Hashable
) -> tuple[float, set[Place]] | None:
    """The cheapest way along numbers that grow, and against those that can shrink: its cost and places."""
    ways: dict[Hashable, list[tuple[Hashable, Place]]] = {}
    for place in costs:
        tail, head, number = flows[place]
        ways.setdefault(tail, []).append((head, place))
        if number:
            ways.setdefault(head, []).append((tail, place))
    order = count()  # equal costs are taken in turn; places need not compare
    waiting: list[tuple[float, int, Hashable, frozenset[Place]]] = [
        (0, next(order), start, frozenset())
    ]
    reached: set[Hashable] = set()
    while waiting:
        cost, _turn, at, along = heappop(waiting)
        if at == goal:
            return cost, set(along)
        if at in reached:
            continue
        reached.add(at)
        for end, place in ways.get(at, ()):
            if end not in reached:
                heappush(waiting, (cost + costs[place], next(order), end, along | {place}))
    return None
