"""A submission's answers as a user may see them: each is as sensitive as the column it is saved to.

An answer saved to a sealed column is masked, and so is its text wherever else in the
instance it occurs (a calculation may repeat an ID number). An answer saved to a restricted
column is withheld from users without the restricted role (security.md, Restricted columns).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from server.accounts.access import RESTRICTED, REVEALERS, Access
from server.core.masking import mask
from server.core.xml import local_name, parse
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS
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
    value: str  # for people: choices by label; "" when withheld
    sensitivity: Sensitivity
    is_withheld: bool = False
    digest: bytes = b""  # of the whole value, to compare masked ones; b"" when withheld


def shown_answers(
    instance: Instance, form: FormVersion, access: Access, area_code: str
) -> list[ShownAnswer]:
    """An instance's answers as this user may see those of the area. Raises BadXml."""
    kinds = sensitivities(form.mapping)
    tree = answer_tree(instance.root, form.questions)
    sealed = {
        answer.value
        for answer in _flat(tree)
        if kinds.get(answer.path) is Sensitivity.MASKED
        and len(answer.value) >= _MIN_SEARCHED_LENGTH
    }
    shows_restricted = access.may(RESTRICTED, area_code)
    return list(_shown(tree, 0, kinds, sorted(sealed, key=len, reverse=True), shows_restricted))


@dataclass(frozen=True, slots=True)
class Clearance:
    """Which protected answers of an area a user may see in plain."""

    masked: bool
    restricted: bool


def clearance_of(access: Access, area_code: str) -> Clearance:
    """Those who may reveal sealed columns see masked answers, the restricted role sees restricted ones."""
    return Clearance(
        masked=access.may(REVEALERS, area_code), restricted=access.may(RESTRICTED, area_code)
    )


def redacted_instance(
    document: bytes, kinds: Mapping[str, Sensitivity], clearance: Clearance
) -> etree._Element:
    """The instance for a program: protected answers masked or emptied, all others as the phone wrote them.

    `kinds` are the `sensitivities` of the form. The text of a masked answer is masked
    wherever it occurs. The name of the root does not matter: it is the form's id that says
    which form an instance is of, and paths are compared below the root. Raises BadXml.
    """
    root = parse(document)
    below = _below_root(kinds)
    sealed = set() if clearance.masked else _sealed_values(root, below)
    if not clearance.restricted:
        _withhold(root, below)
    if not clearance.masked:
        _mask(root, below, sorted(sealed, key=len, reverse=True))
    return root


def _below_root(kinds: Mapping[str, Sensitivity]) -> dict[str, Sensitivity]:
    """The same by paths below the root: /members/name for /data/members/name."""
    below: dict[str, Sensitivity] = {}
    for path, kind in kinds.items():
        short = "/" + path.strip("/").partition("/")[2]
        if below.get(short) is not Sensitivity.RESTRICTED:
            below[short] = kind
    return below


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


def _withhold(root: etree._Element, kinds: Mapping[str, Sensitivity]) -> None:
    """Empty the restricted answers, with everything inside them."""
    for path, kind in kinds.items():
        if kind is Sensitivity.RESTRICTED:
            level = [root]
            for name in path.strip("/").split("/"):
                level = [child for node in level for child in node.iterchildren(f"{{*}}{name}")]
            for element in level:
                element.text = ""
                del element[:]


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


def sensitivities(mapping: Mapping[str, Any]) -> dict[str, Sensitivity]:
    """Question path → the strictest sensitivity among the columns it is saved to."""
    strictest: dict[str, Sensitivity] = {}
    for path, targets in mapping.get("questions", {}).items():
        kinds = {
            _sensitivity(mapping["records"][target[0]]["ledger"], target[1]) for target in targets
        }
        for kind in (Sensitivity.MASKED, Sensitivity.RESTRICTED):
            if kind in kinds:
                strictest[path] = kind
    return strictest


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
    shows_restricted: bool,
) -> Iterator[ShownAnswer]:
    for answer in answers:
        sensitivity = kinds.get(answer.path, Sensitivity.OPEN)
        is_withheld = sensitivity is Sensitivity.RESTRICTED and not shows_restricted
        yield ShownAnswer(
            path=answer.place,
            kind=answer.kind,
            type=answer.type,
            depth=depth,
            label=str(answer.label),
            value="" if is_withheld else _masked(answer, sensitivity, sealed),
            sensitivity=sensitivity,
            is_withheld=is_withheld,
            digest=b"" if is_withheld else hashlib.blake2b(answer.value.encode()).digest(),
        )
        yield from _shown(answer.children, depth + 1, kinds, sealed, shows_restricted)


def _masked(answer: Answer, sensitivity: Sensitivity, sealed: list[str]) -> str:
    if sensitivity is Sensitivity.MASKED:
        return mask(answer.value)
    text = answer.text
    for value in sealed:
        text = text.replace(value, mask(value))
    return text
