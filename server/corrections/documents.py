"""Answers in documents by their place: reading and replacing them. Pure.

A place is a path with the indexes of repeats, from 1: /data/members[2]/edu. Names are matched
by their local part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from server.core.xml import local_name

ASKED = "asked"
"""The element of a correction that names the row of the list."""
ANSWER = "answer"
"""The element of a correction that is the answer, or the group whose only answer counts."""


@dataclass(frozen=True, slots=True)
class Correction:
    """An answer that replaces another record's."""

    submission_id: int  # of the correction
    version_id: int
    received_at: datetime
    place: str
    base_value: str  # the answer in the version that was sent back
    counts: tuple[int, ...]  # as AskedAnswer.counts
    value: str
    is_approved: bool


def element_at(root: etree._Element, place: str) -> tuple[etree._Element | None, list[int]]:
    """The element at a place, None without one, and how many instances each indexed step has."""
    element, counts = root, []
    for step in place.split("/")[2:]:
        name, _bracket, index = step.partition("[")
        same = [child for child in element if local_name(child) == name]
        if index:
            counts.append(len(same))
        number = int(index[:-1]) if index else 1
        if number > len(same):
            return None, counts
        element = same[number - 1]
    return element, counts


def text_of(element: etree._Element | None) -> str:
    """The answer of an element, "" without one."""
    return "" if element is None else (element.text or "").strip()


def corrected(
    root: etree._Element, received_at: datetime, corrections: Sequence[Correction]
) -> Iterator[tuple[Correction, bool]]:
    """Replace answers of a version in the order in which corrections were received; after each, whether it had a place.

    An edit that came after a correction wins where it changed the answer itself; where it left
    the answer as it was, the correction stands. One that came before is corrected, unless its
    repeats are others than those that the reviewer saw.
    """
    places = {item.place: element_at(root, item.place) for item in corrections}
    received = {place: text_of(element) for place, (element, _counts) in places.items()}
    for item in corrections:
        element, counts = places[item.place]
        is_same = received[item.place] == item.base_value
        if element is None or not (is_same or tuple(counts) == item.counts):
            yield item, received_at > item.received_at
        elif is_same or received_at <= item.received_at:
            element.text = item.value
            yield item, True


def read(root: etree._Element) -> tuple[str, str]:
    """The row that a correction names, and its answer; "" for what is missing."""
    asked = answer = ""
    for element in root.iter():
        name = local_name(element)
        if name == ASKED and not asked:
            asked = text_of(element)
        elif name == ANSWER and not answer:
            answer = next(filter(None, map(text_of, element.iter())), "")
    return asked, answer
