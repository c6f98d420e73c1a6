"""A submission's answers in words: labels, headings of groups, values as people read them."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _

from server.console.presentation import plain
from server.core import answers as readers
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import ShownAnswer

UUID_ANSWER = re.compile(r"(uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_nameless(answer: ShownAnswer) -> bool:
    """Whether the form gives the question no label, so that its name is shown instead."""
    return answer.label == re.sub(r"\[\d+\]$", "", answer.path).rpartition("/")[2]


def heading(answer: ShownAnswer) -> str:
    """A group's label; of a repeat, with its number."""
    number = re.search(r"\[(\d+)\]$", answer.path)
    return f"{answer.label} {number[1]}" if number else answer.label


def written(answer: ShownAnswer) -> str:
    """An answer as readable text, with personal numbers masked; what was chosen from an entity list is named elsewhere."""
    if answer.sensitivity in (Sensitivity.MASKED, Sensitivity.BIRTH):
        return answer.value
    if answer.type.startswith("select") and UUID_ANSWER.fullmatch(answer.value):
        return _("not in your ledgers")
    try:
        if answer.type == "geopoint":
            where = readers.place(answer.value)
            return f"{where.latitude:.5f}, {where.longitude:.5f}" if where else answer.value
        if answer.type in ("dateTime", "start", "end"):
            return plain(datetime.fromisoformat(answer.value))
    except (ValueError, OverflowError):
        return answer.value
    return answer.value
