"""Answers as columns of the review list, for records of one form: what is offered, and each row's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from server.accounts.access import RESTRICTED, Access
from server.console.answers import UUID_ANSWER, written
from server.core.labels import Label
from server.core.xml import BadXml
from server.forms.models import Form
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import ShownAnswer, on_screen, shown_answers
from server.ledgers.reading.redaction import protection_of
from server.ledgers.selectors import chosen_entries
from server.submissions.models import Submission
from server.submissions.selectors import Instances

MOST: Final = 6
"""Columns at a time: more make rows too wide to compare."""
_LONGEST_LABEL: Final = 24
"""Chinese characters; a longer text is a note, or no head of a column."""
_TYPES_LEFT_OUT: Final = frozenset({"note", "image", "audio", "video", "file", "audit", "geopoint"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose answer may be a column."""

    path: str
    label: str
    is_shown: bool


def questions_of(access: Access, form_id: str, query: QueryDict) -> list[Question]:
    """The questions of a form that may be columns: those with a label, outside of repeats; the address names those shown.

    Restricted ones are named to the restricted role alone.
    """
    form = Form.objects.filter(form_id=form_id).select_related("current_version").first()
    version = form.current_version if form else None
    if version is None:
        return []
    items = version.questions.get("items", ())
    repeats = tuple(f"{item['path']}/" for item in items if item["kind"] == "repeat")
    kinds = {} if access.areas(RESTRICTED) else protection_of(version).kinds
    hidden = tuple(f"{path}/" for path, kind in kinds.items() if kind is Sensitivity.RESTRICTED)
    wanted = query.getlist("column")[:MOST]
    return [
        Question(item["path"], str(Label(label["zh"], label["en"])), item["path"] in wanted)
        for item in items
        if item["kind"] == "question"
        and item["type"] not in _TYPES_LEFT_OUT
        and not f"{item['path']}/".startswith(hidden)
        and not item["path"].startswith(repeats)
        and (label := _label(item)) is not None
    ]


def _label(item: dict[str, dict[str, str]]) -> dict[str, str] | None:
    texts = item.get("label") or {}
    chinese, english = texts.get("zh", ""), texts.get("en", "")
    if (not chinese and not english) or max(len(chinese), len(english) // 2) > _LONGEST_LABEL:
        return None
    return {"zh": chinese or english, "en": english or chinese}


def answers_in_columns(
    access: Access, rows: Sequence[Submission], paths: Sequence[str]
) -> dict[int, list[str]]:
    """Submission → its answers to these questions, as the reader may see them; blank while it is encrypted."""
    instances = Instances()
    given: dict[int, dict[str, ShownAnswer]] = {}
    for row in rows:
        version = row.current_version
        instance = instances.answers(version) if version else None
        given[row.pk] = {}
        if version is None or instance is None:
            continue
        try:
            answers = shown_answers(
                instance, version.form_version, on_screen(access, row.area_code)
            )
        except BadXml:
            continue
        given[row.pk] = {
            answer.path: answer for answer in answers if answer.path in paths and answer.value
        }
    every = [answer for answers in given.values() for answer in answers.values()]
    chosen = chosen_entries(
        access,
        {answer.value for answer in every if UUID_ANSWER.fullmatch(answer.value)},
        communities={row.area_code for row in rows},
    )

    def text(answer: ShownAnswer | None) -> str:
        if answer is None:
            return ""
        entry = chosen.get(answer.value)
        return entry.title if entry else written(answer)

    return {
        number: [text(answers.get(path)) for path in paths] for number, answers in given.items()
    }
