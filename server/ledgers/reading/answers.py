"""A submission's answers as a user may see them: each is as sensitive as the column it is saved to.

An answer saved to a sealed column is masked, and so is its text wherever else in the
instance it occurs (a calculation may repeat an ID number). A restricted answer is withheld
from users without the restricted role, and restricted codes among the choices of a question
are left out or read as another code (security.md, Restricted facts).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from server.accounts.access import REVEALERS, Access
from server.core.masking import mask
from server.core.xml import local_name, parse
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.entries import may_see_restricted
from server.ledgers.reading.redaction import Protection, below_root, protection_of, withhold
from server.submissions.answers import Answer, answer_tree
from server.submissions.instance import Instance

_MIN_SEARCHED_LENGTH = 5
"""A shorter sealed value is not searched for in other answers, where it would occur by chance."""


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One line of a filled-in form, in form order."""

    path: str  # with the indexes of repeats: /data/members[2]/name
    kind: str  # group, repeat, question
    type: str
    depth: int
    label: str
    value: str  # for people: choices by label
    sensitivity: Sensitivity
    is_withheld: bool = False  # some choices are not shown to the user, whichever was chosen
    digest: bytes = b""  # of the whole value that the user may know of, to compare masked ones


def shown_answers(
    instance: Instance, form: FormVersion, access: Access, area_code: str
) -> list[ShownAnswer]:
    """An instance's answers as this user may see those of the area. Raises BadXml.

    Restricted answers are not among them for those without the role, not even by name:
    a form asks some of them only of the people concerned.
    """
    protected = protection_of(form)
    kinds, root = protected.kinds, instance.root
    sealed = {
        answer.value
        for answer in _flat(answer_tree(root, form.questions))
        if kinds.get(answer.path) is Sensitivity.MASKED
        and len(answer.value) >= _MIN_SEARCHED_LENGTH
    }
    partly: Collection[str] = ()
    if not may_see_restricted(access, area_code):
        root, partly = deepcopy(root), protected.lists
        withhold(root, protected)
    tree = answer_tree(root, form.questions)
    return list(_shown(tree, 0, kinds, sorted(sealed, key=len, reverse=True), partly))


@dataclass(frozen=True, slots=True)
class Clearance:
    """Which protected answers of an area a user may see in plain."""

    masked: bool
    restricted: bool


def clearance_of(access: Access, area_code: str) -> Clearance:
    """Those who may reveal sealed columns see masked answers, the restricted role sees restricted ones."""
    return Clearance(
        masked=access.may(REVEALERS, area_code), restricted=may_see_restricted(access, area_code)
    )


def redacted_instance(
    document: bytes, protected: Protection, clearance: Clearance
) -> etree._Element:
    """The instance for a program: protected answers masked or left out, all others as the phone wrote them.

    The text of a masked answer is masked wherever it occurs. The name of the root does not
    matter: it is the form's id that says which form an instance is of, and paths are
    compared below the root. Raises BadXml.
    """
    root = parse(document)
    below = below_root(protected.kinds)
    sealed = set() if clearance.masked else _sealed_values(root, below)
    if not clearance.restricted:
        withhold(root, protected)
    if not clearance.masked:
        _mask(root, below, sorted(sealed, key=len, reverse=True))
    return root


def _sealed_values(root: etree._Element, kinds: Mapping[str, Sensitivity]) -> set[str]:
    """The sealed values of an instance, also those inside answers that will be withheld."""
    return {
        text
        for _element, _attribute, text, kind in _texts(root, kinds)
        if kind is Sensitivity.MASKED and len(text) >= _MIN_SEARCHED_LENGTH
    }


def _mask(
    root: etree._Element, kinds: Mapping[str, Sensitivity], longest_first: Sequence[str]
) -> None:
    """Mask sealed answers, and their values wherever else they occur."""
    for element, attribute, text, kind in list(_texts(root, kinds)):
        if kind is Sensitivity.MASKED:
            setattr(element, attribute, mask(text))
            continue
        shown = text
        for value in longest_first:
            shown = shown.replace(value, mask(value))
        if shown != text:
            setattr(element, attribute, shown)


def _texts(
    root: etree._Element, kinds: Mapping[str, Sensitivity]
) -> Iterator[tuple[etree._Element, str, str, Sensitivity]]:
    """Every text that is not blank: its element, "text" or "tail" (lxml's names for in and behind it), the text, its sensitivity.

    Text inside an answer is as sensitive as the answer.
    """
    waiting = [(root, "", Sensitivity.OPEN)]
    while waiting:
        element, path, around = waiting.pop()
        kind = kinds.get(path, around)
        if text := (element.text or "").strip():
            yield element, "text", text, kind
        for child in element:
            if text := (child.tail or "").strip():
                yield child, "tail", text, kind
            waiting.append((child, f"{path}/{local_name(child)}", kind))


def _flat(answers: Iterable[Answer]) -> Iterator[Answer]:
    for answer in answers:
        yield answer
        yield from _flat(answer.children)


def _shown(
    answers: Iterable[Answer],
    depth: int,
    kinds: Mapping[str, Sensitivity],
    sealed: list[str],
    partly: Collection[str],
) -> Iterator[ShownAnswer]:
    for answer in answers:
        sensitivity = kinds.get(answer.path, Sensitivity.OPEN)
        yield ShownAnswer(
            path=answer.place,
            kind=answer.kind,
            type=answer.type,
            depth=depth,
            label=str(answer.label),
            value=_masked(answer, sensitivity, sealed),
            sensitivity=sensitivity,
            is_withheld=answer.path in partly,
            digest=hashlib.blake2b(answer.value.encode()).digest(),
        )
        yield from _shown(answer.children, depth + 1, kinds, sealed, partly)


def _masked(answer: Answer, sensitivity: Sensitivity, sealed: list[str]) -> str:
    if sensitivity is Sensitivity.MASKED:
        return mask(answer.value)
    text = answer.text
    for value in sealed:
        text = text.replace(value, mask(value))
    return text
