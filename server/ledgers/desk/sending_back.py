"""Sending answers of a record back to the worker's phone: what of them the phone's list may show (openrosa.md, Corrections)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from lxml import etree

from server.accounts.access import READERS, REVIEWERS, Access
from server.accounts.models import User
from server.corrections.documents import Correction, corrected, element_at, text_of
from server.corrections.fitting import TYPES
from server.corrections.models import SendBack
from server.corrections.problems import CannotBeAskedAgain
from server.corrections.selectors import corrections_by
from server.corrections.services import Question, ask_again
from server.corrections.standing import corrections_of
from server.forms.entities import is_of_ledgers
from server.forms.models import FormVersion
from server.forms.selectors import entity_forms
from server.ledgers.definitions.columns import Reading, Sensitivity
from server.ledgers.reading.answers import Clearance, ShownAnswer, shown_answers
from server.ledgers.reading.redaction import protection_of
from server.submissions.instance import Instance
from server.submissions.models import Submission
from server.submissions.problems import MayNotReview
from server.submissions.selectors import answers_of

_NUMBERS: Final = frozenset({Reading.ID_NO, Reading.USCC, Reading.PHONE})
_ON_PHONES: Final = Clearance(masked=False, days=False, restricted=True)


def send_back(
    *,
    submission: Submission,
    places: Sequence[str],
    reason: str,
    reviewer: User,
    access: Access,
    at: datetime,
    version: str = "",
    last_decision: int | None = None,
) -> SendBack:
    """Ask the worker of a record to give the answers at these places again.

    `version` and `last_decision` are as `submissions.services.review` has them. Raises
    MayNotReview, CannotBeAskedAgain, and as `corrections.services.ask_again`.
    """
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    current = submission.current_version
    assert current is not None  # noqa: S101 selectors give no other
    is_correction = bool(corrections_by(access, submission))
    standing = corrections_of([submission.pk]).get(submission.pk, [])
    instance = None if is_correction else answers_of(current)
    askable = {question.place: question for question in _questions(submission, instance, standing)}
    for place in places:
        if place not in askable:
            raise CannotBeAskedAgain(place=place)
    return ask_again(
        submission=submission,
        version=current,
        seen=version or current.instance_id,
        questions=[askable[place] for place in dict.fromkeys(places)],
        reason=reason,
        reviewer=reviewer,
        access=access,
        at=at,
        last_decision=last_decision,
    )


def askable_places(submission: Submission, access: Access, instance: Instance | None) -> list[str]:
    """The places of answers that the reader sees and can send back; `instance` are the current answers, None while encrypted.

    For a record that is no correction itself.
    """
    if not access.may(READERS, submission.area_code):
        return []
    return [question.place for question in _questions(submission, instance, [])]


def _questions(
    submission: Submission, instance: Instance | None, standing: Sequence[Correction]
) -> Iterator[Question]:
    """The answers of the current version that a row of a list can ask for again, in form order.

    Calculated answers, points, files and entries of a list are none, nor is what is saved to a list of the office's own, nor by what the record is placed
    or its entry named: another record says that. Of protected answers only
    numbers are some, which are masked wherever they stand: a correction is a record of
    another form, where nothing else would be protected.
    """
    version = submission.current_version
    if version is None or instance is None:
        return
    form, effective = version.form_version, instance
    if standing:
        root = deepcopy(instance.root)
        for _item in corrected(root, version.received_at, standing):
            pass
        effective = Instance(etree.tostring(root, encoding="utf-8"))
    own, choices = _own_lists(form), form.questions.get("choices", {})
    items = {item["path"]: item for item in form.questions.get("items", ())}
    with translation.override(settings.LANGUAGE_CODE):
        shown = {
            answer.path: answer
            for answer in shown_answers(effective, form, _ON_PHONES)
            if answer.kind == "question" and answer.type in TYPES
        }
    protected, numbers, placing = protection_of(form), _number_paths(form), _placing(form)
    for place, answer in shown.items():
        path = "/".join(step.partition("[")[0] for step in place.split("/"))
        listed = items[path].get("list") or ""
        is_select = answer.type.startswith("select")
        if (
            path in own
            or path in placing
            or path in protected.lists
            or (is_select and listed not in choices)
        ):
            continue
        if _kinds_around(protected.kinds, path) and path not in numbers:
            continue
        element, counts = element_at(instance.root, place)
        yield Question(
            place=place,
            label=answer.label,
            type=answer.type,
            choice_list=listed if is_select else "",
            base_value=text_of(element),
            shown_value=_shown(answer),
            counts=tuple(counts),
        )


def _shown(answer: ShownAnswer) -> str:
    """What a phone may show of the old answer, which it may lose: no number of a person, no restricted fact."""
    if answer.sensitivity is not Sensitivity.MASKED or not answer.value:
        return answer.value
    with translation.override(settings.LANGUAGE_CODE):
        return _("(answered; not shown on phones)")


def _number_paths(form: FormVersion) -> frozenset[str]:
    """The questions whose answers are saved as ID numbers, credit codes or phones."""
    return frozenset(
        path
        for path, targets in form.mapping["questions"].items()
        if all(conversion in _NUMBERS for _record, _column, conversion, _list in targets)
    )


def _placing(form: FormVersion) -> frozenset[str]:
    """The questions that say where and when the visit was, or name an entry by its uuid."""
    head = {path for name, path in form.mapping["head"].items() if name != "met_whom"}
    return frozenset(head) | {
        path
        for path, targets in form.mapping["questions"].items()
        if any(conversion == "entry_id" for _record, _column, conversion, _list in targets)
    }


def _kinds_around(kinds: Mapping[str, Sensitivity], path: str) -> bool:
    """Whether a question, or a group or repeat around it, is protected."""
    steps = path.split("/")
    return any("/".join(steps[:end]) in kinds for end in range(2, len(steps) + 1))


def _own_lists(form: FormVersion) -> frozenset[str]:
    """The questions that save to entity lists of the office's own, which corrections do not reach."""
    declared = entity_forms([form.pk])[form.pk]
    own = {name for name in declared.datasets if not is_of_ledgers(name)}
    return frozenset(declared.properties) if own else frozenset()
