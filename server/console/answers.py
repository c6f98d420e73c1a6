"""A submission's answers as rows of the page's table, under the headings of their groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from server.accounts.access import Access
from server.console.presentation import plain
from server.core import answers as readers
from server.core.xml import BadXml
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import ShownAnswer, on_screen, shown_answers
from server.submissions.instance import Instance

_UUID = re.compile(r"(uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the answers' table."""

    label: str
    text: str
    depth: int
    is_group: bool
    masked: bool = False
    computed: bool = False  # the form has no label for it: nobody was asked


def answer_rows(instance: Instance, form: FormVersion, access: Access, area_code: str) -> list[Row]:
    """An instance's answers without the blank ones; none when the document cannot be read."""
    try:
        answers = shown_answers(instance, form, on_screen(access, area_code))
    except BadXml:
        return []
    rows = []
    for place, answer in enumerate(answers):
        if answer.kind != "question":
            if _has_answers(answers, place) and not is_nameless(answer):
                rows.append(Row(heading(answer), "", answer.depth, is_group=True))
        elif answer.value:
            is_masked = answer.sensitivity is Sensitivity.MASKED
            rows.append(
                Row(
                    label=answer.label,
                    text=written(answer),
                    depth=answer.depth,
                    is_group=False,
                    masked=is_masked,
                    computed=is_nameless(answer),
                )
            )
    return rows


def is_nameless(answer: ShownAnswer) -> bool:
    """Whether the form gives the question no label, so that its name is shown instead."""
    return answer.label == re.sub(r"\[\d+\]$", "", answer.path).rpartition("/")[2]


def _has_answers(answers: Sequence[ShownAnswer], place: int) -> bool:
    """Whether the group at this place holds any answer."""
    depth = answers[place].depth
    for inner in answers[place + 1 :]:
        if inner.depth <= depth:
            return False
        if inner.kind == "question" and inner.value and not is_nameless(inner):
            return True
    return False


def heading(answer: ShownAnswer) -> str:
    """A group's label; of a repeat, with its number."""
    number = re.search(r"\[(\d+)\]$", answer.path)
    return f"{answer.label} {number[1]}" if number else answer.label


def written(answer: ShownAnswer) -> str:
    """An answer as readable text, with personal numbers masked."""
    if answer.sensitivity in (Sensitivity.MASKED, Sensitivity.BIRTH):
        return answer.value
    if answer.type.startswith("select") and _UUID.fullmatch(answer.value):
        return _("chosen from the list")
    try:
        if answer.type == "geopoint":
            where = readers.place(answer.value)
            return f"{where.latitude:.5f}, {where.longitude:.5f}" if where else answer.value
        if answer.type in ("dateTime", "start", "end"):
            return plain(datetime.fromisoformat(answer.value))
    except (ValueError, OverflowError):
        return answer.value
    return answer.value
