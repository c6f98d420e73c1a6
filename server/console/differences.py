"""Differences between two instances of one record: an edit and its original, or two under one instanceID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.accounts.access import Access
from server.console.answers import UUID_ANSWER, heading, is_nameless, written
from server.core.xml import BadXml
from server.forms.models import FormVersion
from server.ledgers.reading.answers import ShownAnswer, on_screen, shown_answers
from server.ledgers.selectors import Chosen, chosen_entries
from server.submissions.instance import Instance
from server.submissions.models import SubmissionVersion
from server.submissions.selectors import Instances


@dataclass(frozen=True, slots=True)
class Difference:
    """One question answered differently; an answer that only one instance has is "" in the other."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FilledForm:
    """An instance and the form version that lays it out."""

    instance: Instance
    form: FormVersion


def filled_form(instances: Instances, version: SubmissionVersion) -> FilledForm | None:
    """A version's answers and its form version; None while it is encrypted."""
    answers = instances.answers(version)
    return None if answers is None else FilledForm(answers, version.form_version)


def differences(
    before: FilledForm, after: FilledForm, access: Access, area_code: str
) -> list[Difference] | None:
    """The questions answered differently, in form order, masked as answers are; None when one cannot be read.

    Restricted answers are left out for those without the role, and what the form
    computes by itself for everybody.
    """
    try:
        old, new = (
            _named(shown_answers(filled.instance, filled.form, on_screen(access, area_code)))
            for filled in (before, after)
        )
    except BadXml:
        return None
    changed: list[tuple[str, ShownAnswer | None, ShownAnswer | None]] = []
    for path in [*new, *(path for path in old if path not in new)]:
        label, was = old.get(path, ("", None))
        label, now = new.get(path, (label, None))
        if (was.digest if was else b"") != (now.digest if now else b""):
            changed.append((label, was, now))
    values = {answer.value for _label, *pair in changed for answer in pair if answer}
    chosen = chosen_entries(access, filter(UUID_ANSWER.fullmatch, values))
    return [
        Difference(label, _text(was, chosen), _text(now, chosen)) for label, was, now in changed
    ]


def _named(answers: Sequence[ShownAnswer]) -> dict[str, tuple[str, ShownAnswer]]:
    """Path → label and answer; a label within a repeat begins with the repeat's heading."""
    labelled: dict[str, tuple[str, ShownAnswer]] = {}
    inside: list[ShownAnswer] = []
    for answer in answers:
        inside = inside[: answer.depth]
        if answer.kind != "question":
            inside.append(answer)
        elif answer.value and not is_nameless(answer):
            repeats = [heading(outer) for outer in inside if outer.kind == "repeat"]
            labelled[answer.path] = (" · ".join([*repeats, answer.label]), answer)
    return labelled


def _text(answer: ShownAnswer | None, chosen: Mapping[str, Chosen]) -> str:
    if answer is None:
        return ""
    entry = chosen.get(answer.value)
    return entry.title if entry else written(answer)
