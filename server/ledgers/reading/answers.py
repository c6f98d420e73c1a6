"""A submission's answers as a user may see them: each is as sensitive as the column it is saved to.

An answer saved to a sealed column is masked, and so is its text wherever else in the
instance it occurs (a calculation may repeat an ID number). Of a day of birth the year is
shown, and the day is masked wherever else it occurs, also as it stands in an ID number.
Personal numbers in every other answer are masked as in any text. A restricted answer is
withheld from users without the restricted role, and restricted codes among the choices of a
question are left out or read as another code (security.md, Masks, Restricted facts).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from lxml import etree

from server.accounts.access import REVEALERS, Access
from server.core import masking, personal_numbers
from server.core.codes import restricted_codes
from server.core.masking import mask, mask_numbers
from server.core.xml import local_name, parse
from server.forms.models import FormVersion
from server.ledgers.definitions import sensitivity
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading import redaction
from server.ledgers.reading.entries import may_see_restricted
from server.ledgers.reading.redaction import ProtectedNode, Protection, protection_of, withhold
from server.submissions.answers import Answer, answer_tree
from server.submissions.instance import Instance

_ID_NO = re.compile(r"[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{3}[0-9Xx]")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIN_SEARCHED_LENGTH = 5
"""A shorter sealed value is not searched for in other answers, where it would occur by chance."""
_SHORTEST_MASKED = min(_MIN_SEARCHED_LENGTH, len("20260101"), personal_numbers.SHORTEST)
"""No shorter answer holds a value that is searched for, a day of birth or a personal number."""
_MASKABLE = (Sensitivity.MASKED, Sensitivity.BIRTH)
_MASKING = (masking, personal_numbers, sensitivity, redaction)
"""What decides, beside this module, what is masked and withheld."""


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


@dataclass(frozen=True, slots=True)
class Clearance:
    """Which protected answers of an area a user may see in plain."""

    masked: bool  # sealed ones, and numbers in all others
    days: bool  # days of birth
    restricted: bool


def on_screen(access: Access, area_code: str) -> Clearance:
    """What a page shows: days of birth to those who may reveal, restricted answers to the restricted role."""
    return Clearance(
        masked=False,
        days=access.may(REVEALERS, area_code),
        restricted=may_see_restricted(access, area_code),
    )


def for_program(access: Access, area_code: str, whole_areas: tuple[str, ...]) -> Clearance:
    """What a program gets: all but restricted answers where an export permit is open, else everything masked."""
    is_whole = area_code.startswith(whole_areas)
    return Clearance(
        masked=is_whole, days=is_whole, restricted=may_see_restricted(access, area_code)
    )


def shown_answers(instance: Instance, form: FormVersion, clearance: Clearance) -> list[ShownAnswer]:
    """An instance's answers as this user may see those of the area. Raises BadXml.

    Restricted answers are not among them for those without the role, not even by name:
    a form asks some of them only of the people concerned.
    """
    protected = protection_of(form)
    kinds, root = protected.kinds, instance.root
    values = _Values(clearance)
    for answer in _flat(answer_tree(root, form.questions)):
        values.add(answer.value, kinds.get(answer.path, Sensitivity.OPEN))
    partly: Collection[str] = ()
    if not clearance.restricted:
        root, partly = deepcopy(root), protected.lists
        withhold(root, protected)
    return list(_shown(answer_tree(root, form.questions), 0, kinds, values, partly))


class _Values:
    """The protected values of one instance, and how texts are shown that may repeat them."""

    def __init__(self, clearance: Clearance) -> None:
        self.clearance = clearance
        self._masks: dict[str, str] = {}  # value → what is shown in its place
        self._longest_first: list[tuple[str, str]] = []

    def add(self, value: str, kind: Sensitivity) -> None:
        """Note the value of an answer of this kind."""
        if kind not in _MASKABLE:
            return
        if kind is Sensitivity.MASKED and not self.clearance.masked:
            if len(value) >= _MIN_SEARCHED_LENGTH:
                self._masks[value] = mask(value)
            if (born := _ID_NO.fullmatch(value)) and not self.clearance.days:
                self._add_birthday(*born.groups())
        elif kind is Sensitivity.BIRTH and not self.clearance.days and _ISO_DAY.fullmatch(value):
            self._add_birthday(*value.split("-"))
        self._longest_first = sorted(self._masks.items(), key=lambda item: -len(item[0]))

    def _add_birthday(self, year: str, month: str, day: str) -> None:
        self._masks[f"{year}-{month}-{day}"] = f"{year}-**-**"
        self._masks[f"{year}{month}{day}"] = f"{year}****"

    def text(self, text: str) -> str:
        """A text that is not protected itself, with protected values and personal numbers in it masked."""
        for value, shown in self._longest_first:
            text = text.replace(value, shown)
        return text if self.clearance.masked else mask_numbers(text)

    def shown(self, value: str, kind: Sensitivity) -> str:
        """A protected answer for people."""
        if kind is Sensitivity.MASKED and not self.clearance.masked:
            return mask(value)
        if kind is Sensitivity.BIRTH and not self.clearance.days:
            return value[:4] if _ISO_DAY.fullmatch(value) else mask(value)
        return value

    def typed(self, value: str, kind: Sensitivity) -> str:
        """A protected answer for programs, which expect a date where the form asks for one."""
        if kind is Sensitivity.BIRTH and not self.clearance.days and _ISO_DAY.fullmatch(value):
            return f"{value[:4]}-01-01"
        return self.shown(value, kind)


def redacted_instance(
    document: bytes, protected: Protection, clearance: Clearance
) -> etree._Element:
    """The instance for a program: protected answers masked or left out, all others as the phone wrote them.

    The text of a masked answer is masked wherever it occurs. The name of the root does not
    matter: it is the form's id that says which form an instance is of, and paths are
    compared below the root. Raises BadXml.
    """
    root, hides = parse(document), not (clearance.masked and clearance.days)
    texts = _texts(root, protected) if hides else []
    values = _values_of(texts, clearance)  # also what will be withheld
    if not clearance.restricted and protected.has_restricted:
        removed = withhold(root, protected)
        left = _left(texts, removed)
        texts = _texts(root, protected) if left is None and hides else left or []
    for element, attribute, shown in _masked(texts, values):
        setattr(element, attribute, shown)
    return root


def layout_digest(layout: object, protected: Protection, makers: tuple[ModuleType, ...]) -> bytes:
    """16 bytes that change with all that decides what a program gets of a document.

    That is the layout, what is protected, and the source of the modules that mask and withhold and of the
    `makers`, which lay out. Where the digest is another, what was kept is made anew.
    """
    codes = {name: dict(restricted_codes(name)) for name in protected.lists.values()}
    parts = (layout, sorted(protected.kinds.items()), sorted(protected.lists.items()), codes)
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16)
    digest.update(_sources((*_MASKING, *makers)))
    return digest.digest()


@cache
def _sources(modules: tuple[ModuleType, ...]) -> bytes:
    files = (__file__, *(module.__file__ for module in modules))
    return b"".join(hashlib.blake2b(Path(file or "").read_bytes()).digest() for file in files)


def masks_nothing(document: bytes, protected: Protection) -> bool:
    """Whether a mask would hide nothing in an instance. Restricted answers are no matter of masks. Raises BadXml."""
    texts = _texts(parse(document), protected)
    values = _values_of(texts, Clearance(masked=False, days=False, restricted=True))
    return not any(_masked(texts, values))


def _values_of(texts: Iterable[_Text], clearance: Clearance) -> _Values:
    """The protected values of an instance."""
    values = _Values(clearance)
    for _element, _attribute, text, kind in texts:
        if kind in _MASKABLE:
            values.add(text, kind)
    return values


def _masked(texts: Iterable[_Text], values: _Values) -> Iterator[tuple[etree._Element, str, str]]:
    """The texts that a mask changes, each with what is shown: protected answers, their values wherever else they occur, personal numbers."""
    for element, attribute, text, kind in texts:
        if kind in _MASKABLE:
            shown = values.typed(text, kind)
        elif len(text) < _SHORTEST_MASKED:
            continue
        else:
            shown = values.text(text)
        if shown != text:
            yield element, attribute, shown


_Text = tuple[etree._Element, str, str, Sensitivity]


def _left(texts: Iterable[_Text], removed: Iterable[etree._Element]) -> list[_Text] | None:
    """The texts that are left of an instance after elements were removed; None when texts behind those moved."""
    gone: set[etree._Element] = set()
    for element in removed:
        if (element.tail or "").strip():
            return None
        gone.update(element.iter())
    left: list[_Text] = []
    for element, attribute, _before, kind in texts:
        if element not in gone and (text := (getattr(element, attribute) or "").strip()):
            left.append((element, attribute, text, kind))
    return left


def _texts(root: etree._Element, protected: Protection) -> list[_Text]:
    """Every text that is not blank: its element, "text" or "tail" (lxml's names for in and behind it), the text, its sensitivity.

    Text inside an answer is as sensitive as the answer.
    """
    texts: list[_Text] = []
    waiting: list[tuple[etree._Element, ProtectedNode | None, Sensitivity]] = [
        (root, protected.tree, Sensitivity.OPEN)
    ]
    while waiting:
        element, node, kind = waiting.pop()
        children: Mapping[str, ProtectedNode] = {}
        if node is not None:
            kind, children = kind if node.kind is None else node.kind, node.children
        if (text := element.text) and (text := text.strip()):
            texts.append((element, "text", text, kind))
        for child in element:
            if (text := child.tail) and (text := text.strip()):
                texts.append((child, "tail", text, kind))
            inner = children.get(local_name(child)) if children else None
            if len(child):
                waiting.append((child, inner, kind))
            elif (text := child.text) and (text := text.strip()):
                own = kind if inner is None or inner.kind is None else inner.kind
                texts.append((child, "text", text, own))
    return texts


def _flat(answers: Iterable[Answer]) -> Iterator[Answer]:
    for answer in answers:
        yield answer
        yield from _flat(answer.children)


def _shown(
    answers: Iterable[Answer],
    depth: int,
    kinds: Mapping[str, Sensitivity],
    values: _Values,
    partly: Collection[str],
) -> Iterator[ShownAnswer]:
    for answer in answers:
        sensitivity = kinds.get(answer.path, Sensitivity.OPEN)
        is_protected = sensitivity in (Sensitivity.MASKED, Sensitivity.BIRTH)
        shown = (
            values.shown(answer.value, sensitivity) if is_protected else values.text(answer.text)
        )
        yield ShownAnswer(
            path=answer.place,
            kind=answer.kind,
            type=answer.type,
            depth=depth,
            label=str(answer.label),
            value=shown,
            sensitivity=sensitivity,
            is_withheld=answer.path in partly,
            digest=hashlib.blake2b(answer.value.encode()).digest(),
        )
        yield from _shown(answer.children, depth + 1, kinds, values, partly)
