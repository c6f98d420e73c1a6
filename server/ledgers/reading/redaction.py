"""What of a form's answers is protected, and documents without their restricted facts (security.md, Restricted facts)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lxml import etree

from server.accounts.access import Access
from server.core.codes import restricted_codes
from server.core.xml import BadXml, parse
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.sensitivity import unrestricted_codes
from server.ledgers.reading.entries import may_see_restricted
from server.quarantine.models import Quarantined
from server.submissions.models import SubmissionVersion
from server.submissions.redacted import WITHHELD
from server.submissions.selectors import document_of

STRICTNESS = (Sensitivity.BIRTH, Sensitivity.MASKED, Sensitivity.RESTRICTED)
"""What protects an answer, the weakest first."""


@dataclass(slots=True)
class ProtectedNode:
    """An element on the way to what is protected."""

    kind: Sensitivity | None = None  # None: that of the element around it
    children: dict[str, ProtectedNode] = field(default_factory=dict)


@dataclass(frozen=True)
class Protection:
    """What of a form's answers is protected."""

    kinds: Mapping[str, Sensitivity]
    """Path → sensitivity, of the questions, groups and repeats that are not open as a whole."""
    lists: Mapping[str, str]
    """Path → code list, of open questions whose answers may be restricted codes."""

    @property
    def has_restricted(self) -> bool:
        """Whether any answer may hold a restricted fact."""
        return bool(self.lists) or Sensitivity.RESTRICTED in self.kinds.values()

    @cached_property
    def below(self) -> Mapping[str, Sensitivity]:
        """`kinds` by paths below the root, made once for all instances of an export."""
        return below_root(self.kinds)

    @cached_property
    def tree(self) -> ProtectedNode:
        """The same as a tree by element names: nothing below an element that is not in it has a kind of its own."""
        top = ProtectedNode(self.below.get(""))
        for path, kind in self.below.items():
            node = top
            for name in path.split("/")[1:]:
                node = node.children.setdefault(name, ProtectedNode())
            node.kind = kind
        return top


def protection_of(form: FormVersion) -> Protection:
    """What is protected in answers to this form version: by itself, or by the form's current version. Two queries at most.

    A form that is published anew with a question restricted protects what was answered before.
    """
    own, current = protection(form.mapping, form.questions), form.form.current_version
    if current is None or current.pk == form.pk:
        return own
    return stricter(own, protection(current.mapping, current.questions))


def protection(mapping: Mapping[str, Any], questions: Mapping[str, Any]) -> Protection:
    """What a form version protects by its mapping and its questions."""
    lists = {
        item["path"]: item["list"]
        for item in questions.get("items", ())
        if restricted_codes(item.get("list") or "")
    }
    for path, targets in mapping.get("questions", {}).items():
        for _index, _name, _conversion, code_list in targets:
            if restricted_codes(code_list):
                lists[path] = code_list
    return Protection(sensitivities(mapping), lists)


def stricter(own: Protection, other: Protection) -> Protection:
    """What either protects."""
    kinds = {**own.kinds, **other.kinds}
    for path in own.kinds.keys() & other.kinds.keys():
        kinds[path] = max(own.kinds[path], other.kinds[path], key=STRICTNESS.index)
    return Protection(kinds, {**own.lists, **other.lists})


def sensitivities(mapping: Mapping[str, Any]) -> dict[str, Sensitivity]:
    """Path → sensitivity: of a question the strictest among the columns it is saved to, or what the form declares.

    A restricted group or repeat is here by its own path, too.
    """
    strictest: dict[str, Sensitivity] = {}
    for path, targets in mapping.get("questions", {}).items():
        kinds = {
            _sensitivity(mapping["records"][target[0]]["ledger"], target[1]) for target in targets
        }
        for kind in STRICTNESS:
            if kind in kinds:
                strictest[path] = kind
    strictest.update(dict.fromkeys(mapping.get("restricted", ()), Sensitivity.RESTRICTED))
    return strictest


def _sensitivity(ledger: str, name: str) -> Sensitivity:
    part, dot, column = name.partition(".")
    declared = COLUMNS[part].get(column) if dot else COLUMNS[ledger].get(name)
    return Sensitivity.OPEN if declared is None else declared.sensitivity


def document_for(access: Access, area_code: str, version: SubmissionVersion) -> bytes:
    """A version's document as received; without its restricted facts for readers who lack the role in the area.

    Such a copy says so at its root, whatever it held, so that nobody sends it back as a
    correction (`refuse_redacted`). One query more than reading the version, or none.
    """
    document = document_of(version)
    if may_see_restricted(access, area_code):
        return document
    return without_restricted(document, protection_of(version.form_version))


def without_restricted(document: bytes, protected: Protection) -> bytes:
    """The document without restricted facts; as it is where its form asks for none, or it is encrypted. Raises BadXml."""
    root = parse(document)
    if not protected.has_restricted or root.get("encrypted") == "yes":
        return document
    withhold(root, protected)
    root.set(WITHHELD, "yes")
    redacted: bytes = etree.tostring(root, encoding="UTF-8")
    return redacted


def quarantined_document_for(access: Access, item: Quarantined) -> Callable[[bytes], bytes | None]:
    """What a reader gets of an item's document and its repairs: as they are, without restricted facts, or None.

    None, without the restricted role in the item's area, where nobody can tell what is
    restricted: the document cannot be read, or its form is not known here. Two queries.
    """
    if may_see_restricted(access, item.area):
        return lambda document: document
    versions = FormVersion.objects.filter(form__form_id=item.form_id).select_related(
        "form__current_version"
    )
    exact = versions.filter(version=item.form_version).first()
    form = exact or versions.order_by("-pk").first()
    protected = None if form is None else protection_of(form)

    def shown(document: bytes) -> bytes | None:
        try:
            return None if protected is None else without_restricted(document, protected)
        except BadXml:
            return None

    return shown


def withhold(root: etree._Element, protected: Protection) -> list[etree._Element]:
    """Take restricted facts out of an instance; the elements that were taken out.

    Restricted answers go with their elements, and so do groups of which nothing is left:
    a form may ask only the people concerned, so that an empty element would tell.
    """
    removed: list[etree._Element] = []
    for path, kind in protected.below.items():
        if kind is Sensitivity.RESTRICTED:
            for element in list(_elements(root, path)):
                _remove(element, root, removed)
    for path, code_list in protected.lists.items():
        for element in _elements(root, _short(path)):
            if text := (element.text or "").strip():
                element.text = " ".join(unrestricted_codes(code_list, text.split())) or None
    return removed


def _elements(root: etree._Element, path: str) -> list[etree._Element]:
    """The elements at a path below the root, matched by local names."""
    level = [root]
    for name in path.strip("/").split("/"):
        level = [child for node in level for child in node.iterchildren(f"{{*}}{name}")]
    return level


def _remove(element: etree._Element, root: etree._Element, removed: list[etree._Element]) -> None:
    """Remove an element, and the groups around it that become empty; the text behind it stays."""
    parent = element.getparent()
    if parent is None:  # with a group that was removed before
        return
    if tail := element.tail:
        previous = element.getprevious()
        if previous is None:
            parent.text = (parent.text or "") + tail
        else:
            previous.tail = (previous.tail or "") + tail
    parent.remove(element)
    removed.append(element)
    if parent is not root and not len(parent) and not (parent.text or "").strip():
        _remove(parent, root, removed)


def below_root(kinds: Mapping[str, Sensitivity]) -> dict[str, Sensitivity]:
    """The same by paths below the root: /members/name for /data/members/name."""
    below: dict[str, Sensitivity] = {}
    for path, kind in kinds.items():
        short = _short(path)
        below[short] = max(below.get(short, kind), kind, key=STRICTNESS.index)
    return below


def _short(path: str) -> str:
    return "/" + path.strip("/").partition("/")[2]
