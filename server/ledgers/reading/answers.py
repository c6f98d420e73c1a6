"""A submission's answers for people to read: each as sensitive as the column it is saved to.

An answer saved to a sealed column is masked, wherever else in the record its text
stands (a calculation repeats an ID number); one saved to a restricted column is withheld
from those without the restricted role.
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
    mark: bytes = b""  # of the whole value: equal where two are, also behind the mask


def shown_answers(
    instance: Instance, form: FormVersion, access: Access, area_code: str
) -> list[ShownAnswer]:
    """An instance's answers as this user may see those of the area. Raises BadXml."""
    kinds = sensitivities(form.mapping)
    tree = answer_tree(instance.root, form.questions)
    sealed = {
        answer.value
        for answer in _flat(tree)
        if kinds.get(answer.path) is Sensitivity.MASKED and len(answer.value) >= _TELLING
    }
    may_see = access.may(RESTRICTED, area_code)
    return list(_shown(tree, 0, kinds, sorted(sealed, key=len, reverse=True), may_see))


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of an area's answers somebody sees."""

    behind_masks: bool
    restricted: bool


def sight(access: Access, area_code: str) -> Sight:
    """What is masked shows itself to those who may reveal it, what is restricted to that role only."""
    return Sight(access.may(REVEALERS, area_code), access.may(RESTRICTED, area_code))


def seen_instance(document: bytes, kinds: Mapping[str, Sensitivity], seen: Sight) -> etree._Element:
    """The instance as it may be seen, for programs: values stay as the phone wrote them.

    `kinds` are `sensitivities` of the form. What is masked is so wherever its text stands.
    The root may be called anything: a record is of the form that its id names, and is laid
    out below the root. Raises BadXml.
    """
    root = parse(document)
    below = _below_root(kinds)
    sealed = set() if seen.behind_masks else _sealed(root, below)
    if not seen.restricted:
        _withhold(root, below)
    if not seen.behind_masks:
        _mask(root, below, sorted(sealed, key=len, reverse=True))
    return root


def _below_root(kinds: Mapping[str, Sensitivity]) -> dict[str, Sensitivity]:
    """The same with /members/name for /data/members/name."""
    found: dict[str, Sensitivity] = {}
    for path, kind in kinds.items():
        short = "/" + path.strip("/").partition("/")[2]
        if found.get(short) is not Sensitivity.RESTRICTED:
            found[short] = kind
    return found


def _sealed(root: etree._Element, kinds: Mapping[str, Sensitivity]) -> set[str]:
    """The sealed values of an instance, among them those that stand inside what is withheld."""
    return {
        text
        for _element, _where, text, kind in _texts(root, kinds)
        if kind is Sensitivity.MASKED and len(text) >= _TELLING
    }


def _mask(
    root: etree._Element, kinds: Mapping[str, Sensitivity], longest_first: Sequence[str]
) -> None:
    """Mask sealed answers, and their values wherever else they stand."""
    for element, where, text, kind in list(_texts(root, kinds)):
        if kind is Sensitivity.MASKED:
            setattr(element, where, mask(text))
            continue
        shown = text
        for value in longest_first:
            shown = shown.replace(value, mask(value))
        if shown != text:
            setattr(element, where, shown)


def _withhold(root: etree._Element, kinds: Mapping[str, Sensitivity]) -> None:
    """Take the restricted answers out; nothing else needs to be looked at."""
    for path, kind in kinds.items():
        if kind is Sensitivity.RESTRICTED:
            level = [root]
            for name in path.strip("/").split("/"):
                level = [child for one in level for child in one.iterchildren(f"{{*}}{name}")]
            for element in level:
                element.text = ""
                del element[:]


def _texts(
    root: etree._Element, kinds: Mapping[str, Sensitivity]
) -> Iterator[tuple[etree._Element, str, str, Sensitivity]]:
    """Every text but blanks: element, whether in it or behind it (lxml's text and tail), the text.

    What stands inside an answer is as sensitive as that.
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
            mark=b"" if is_withheld else hashlib.blake2b(answer.value.encode()).digest(),
        )
        yield from _shown(answer.children, depth + 1, kinds, sealed, may_see)


def _masked(answer: Answer, sensitivity: Sensitivity, sealed: list[str]) -> str:
    if sensitivity is Sensitivity.MASKED:
        return mask(answer.value)
    text = answer.text
    for value in sealed:
        text = text.replace(value, mask(value))
    return text
