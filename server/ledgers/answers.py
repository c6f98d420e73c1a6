"""A submission's answers for people to read: each as sensitive as the column it is saved to.

An answer saved to a sealed column is masked, wherever else in the record its text
stands (a calculation repeats an ID number); one saved to a restricted column is withheld
from those without the restricted role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.accounts.access import RESTRICTED, Access
from server.ledgers.columns import Sensitivity
from server.ledgers.definitions import COLUMNS
from server.ledgers.masking import mask
from server.submissions.answers import Answer, answer_tree
from server.submissions.models import Submission
from server.submissions.selectors import answers_of

_TELLING = 5
"""A sealed value shorter than this is not looked for in other answers: it would be found by chance."""


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One line of a filled-in form, in form order."""

    path: str  # with the indexes of repeats: /data/members[2]/name
    kind: str  # group, repeat, question
    type: str
    depth: int
    label: str
    value: str  # for people: choices by label; "" when withheld
    sensitivity: Sensitivity
    is_withheld: bool = False


def shown_answers(submission: Submission, access: Access) -> list[ShownAnswer]:
    """The current version's answers as this user may see them."""
    version = submission.current_version
    if version is None:
        return []
    form = version.form_version
    kinds = sensitivities(form.mapping)
    document = answers_of(version)
    if document is None:
        return []
    tree = answer_tree(document, form.questions)
    sealed = {
        answer.value
        for answer in _flat(tree)
        if kinds.get(answer.path) is Sensitivity.MASKED and len(answer.value) >= _TELLING
    }
    may_see = access.may(RESTRICTED, submission.area_code)
    return list(_shown(tree, 0, kinds, sorted(sealed, key=len, reverse=True), may_see))


def sensitivities(mapping: Mapping[str, Any]) -> dict[str, Sensitivity]:
    """Question path → the strictest sensitivity among the columns it is saved to."""
    found: dict[str, Sensitivity] = {}
    for path, targets in mapping.get("questions", {}).items():
        kinds = {
            _sensitivity(mapping["records"][target[0]]["ledger"], target[1]) for target in targets
        }
        for kind in (Sensitivity.MASKED, Sensitivity.RESTRICTED):
            if kind in kinds:
                found[path] = kind
    return found


def _sensitivity(ledger: str, name: str) -> Sensitivity:
    part, dot, column = name.partition(".")
    declared = COLUMNS[part].get(column) if dot else COLUMNS[ledger].get(name)
    return Sensitivity.OPEN if declared is None else declared.sensitivity


def _flat(answers: Iterable[Answer]) -> Iterator[Answer]:
    for answer in answers:
        yield answer
        yield from _flat(answer.children)


def _shown(
    answers: Iterable[Answer],
    depth: int,
    kinds: Mapping[str, Sensitivity],
    sealed: list[str],
    may_see: bool,
) -> Iterator[ShownAnswer]:
    for answer in answers:
        sensitivity = kinds.get(answer.path, Sensitivity.OPEN)
        is_withheld = sensitivity is Sensitivity.RESTRICTED and not may_see
        yield ShownAnswer(
            path=answer.place,
            kind=answer.kind,
            type=answer.type,
            depth=depth,
            label=str(answer.label),
            value="" if is_withheld else _masked(answer, sensitivity, sealed),
            sensitivity=sensitivity,
            is_withheld=is_withheld,
        )
        yield from _shown(answer.children, depth + 1, kinds, sealed, may_see)


def _masked(answer: Answer, sensitivity: Sensitivity, sealed: list[str]) -> str:
    if sensitivity is Sensitivity.MASKED:
        return mask(answer.value)
    text = answer.text
    for value in sealed:
        text = text.replace(value, mask(value))
    return text
