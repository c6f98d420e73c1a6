"""Reads an XForm: its id and version, its questions with their labels, and the files it needs. Pure.

Phones hold the XForm, not the workbook, so everything that depends on the form (the
mapping, the display of answers) is read from the XForm (ODK XForms specification).

Every element is found by its place and namespace, never by its name alone: a question may
bear the name of any element (`body`, `item`, `title`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from server.core.xml import local_name
from server.forms.xform_trees import XFORMS as _XFORMS
from server.forms.xform_trees import XHTML as _XHTML
from server.forms.xform_trees import tree

READER: Final = 2
"""The number of this reader. Whoever changes what is read from a form that is published already raises it by one:
versions that an earlier reader read are then read again (reading_again.read_again)."""

SAVETO: Final = "{urn:ruhu:xforms}saveto"
RESTRICTED: Final = "{urn:ruhu:xforms}restricted"
_OPENROSA: Final = "{http://openrosa.org/xforms}"
_PREFIX: Final = re.compile(r"(?<![^/])[\w.-]+:")
_NODESET_LIST = re.compile(r"^instance\('([^']+)'\)")
_ITEXT = re.compile(r"^jr:itext\('([^']+)'\)$")
_ITEXT_REF = re.compile(r"^jr:itext\(\s*([\w.-]+)\s*\)$")
_CONTROLS: Final = {
    "input",
    "select",
    "select1",
    "upload",
    "trigger",
    "range",
    "rank",
    "secret",
}
_SECTIONS: Final = {"group", "repeat"}
_LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Node:
    """A group, repeat or question, by its absolute path without indexes."""

    path: str
    name: str
    kind: str  # group | repeat | question
    type: str  # of a question: text int decimal date time dateTime geopoint … select_one select_multiple image audit calculate
    list: str  # choice list or entity list of a select
    label: dict[str, str]  # zh, en; empty when the node has none
    depth: int
    repeats: tuple[str, ...]  # paths of the repeats around the node, the node itself included
    saveto: str
    restricted: str = ""  # as the form writes it: yes, no, or nothing


@dataclass(frozen=True, slots=True)
class XForm:
    """What the server reads from an XForm."""

    form_id: str
    version: str
    title: str
    root: str
    nodes: tuple[Node, ...]  # in form order
    choices: dict[str, dict[str, dict[str, str]]]  # list → value → label
    files: tuple[str, ...]  # names of the files it needs, entity lists as NAME.csv
    has_instance_id: bool
    submission_url: str
    public_key: str = ""  # base64RsaPublicKey; "" when records are not encrypted

    @property
    def binary_paths(self) -> list[str]:
        """The paths whose answers name an attachment, by their bind type, since some have no body control."""
        return [node.path for node in self.nodes if node.type in BINARY]

    def as_questions(self) -> dict[str, Any]:
        """What showing an answer needs, as JSON for FormVersion.questions."""
        return {
            "items": [
                {
                    "path": node.path,
                    "name": node.name,
                    "type": node.type,
                    "kind": node.kind,
                    "label": node.label,
                    "list": node.list,
                    "depth": node.depth,
                }
                for node in self.nodes
            ],
            "choices": self.choices,
            "binary": self.binary_paths,
        }


BINARY: Final = frozenset({"image", "audio", "video", "file", "audit"})


class BadXForm(ValueError):
    """The bytes are XML but not an XForm; the message says what is missing."""


def read(document: bytes) -> XForm:
    """The form in an XForm document. Raises core.xml.BadXml (not XML, DOCTYPE) or BadXForm."""
    if document.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadXForm("byte-order mark")
    html = tree(document)
    head = _child(html, "head", _XHTML)
    model, body = _child(head, "model"), _child(html, "body", _XHTML)
    if model is None or body is None:
        raise BadXForm("no model or body")
    instances = list(_children(model, "instance"))
    data = next(iter(instances[0]), None) if instances else None
    if data is None:
        raise BadXForm("no primary instance")
    texts = _Texts(model)
    root = f"/{local_name(data)}"
    binds = {absolute(bind.get("nodeset", ""), root): bind for bind in _children(model, "bind")}
    controls = _controls(body, {bind.get("id", ""): path for path, bind in binds.items()}, root)
    nodes = tuple(
        _node(element, path, repeats, binds.get(path), controls.get(path), texts)
        for element, path, repeats in _walk(data, controls)
    )
    title, submission = _child(head, "title", _XHTML), _child(model, "submission")
    meta = next((child for child in data if local_name(child) == "meta"), ())
    return XForm(
        form_id=data.get("id") or data.get(f"{_OPENROSA}id") or "",
        version=data.get("version") or data.get(f"{_OPENROSA}version") or "",
        title=(_all_text(title).strip() if title is not None else ""),
        root=local_name(data),
        nodes=nodes,
        choices=_choices(instances[1:], controls, texts),
        files=tuple(sorted(set(_files(model, nodes, data)))),
        has_instance_id=any(local_name(child) == "instanceID" for child in meta),
        submission_url=submission.get("action", "") if submission is not None else "",
        public_key=submission.get("base64RsaPublicKey", "") if submission is not None else "",
    )


def _child(
    parent: etree._Element | None, name: str, namespace: str = _XFORMS
) -> etree._Element | None:
    """The first child of that name and namespace."""
    return None if parent is None else next(_children(parent, name, namespace), None)


def _children(
    parent: etree._Element, name: str, namespace: str = _XFORMS
) -> Iterator[etree._Element]:
    return parent.iterchildren(f"{{{namespace}}}{name}")


def absolute(reference: str, around: str) -> str:
    """The path, without prefixes, of a node that stands in a form as `/data/a`, or as `a` within the element `around`."""
    steps = _PREFIX.sub("", reference.strip())
    return steps if not steps or steps.startswith("/") else f"{around}/{steps}"


def in_body(
    body: etree._Element, by_id: Mapping[str, str], around: str
) -> Iterator[tuple[etree._Element, str]]:
    """Controls, groups and repeats in document order with the path each refers to, by itself or by its bind's id.

    What a control contains is not among them; a group may refer to nothing: its path is then that around it.
    """
    for child in body:
        name = local_name(child)
        if child.tag != f"{{{_XFORMS}}}{name}" or name not in _CONTROLS | _SECTIONS:
            continue
        reference = child.get("nodeset" if name == "repeat" else "ref")
        path = absolute(reference or by_id.get(child.get("bind", "-"), ""), around)
        yield child, path
        if name in _SECTIONS:
            yield from in_body(child, by_id, path or around)


def _controls(
    body: etree._Element, by_id: Mapping[str, str], root: str
) -> dict[str, list[etree._Element]]:
    """The body elements by the path they refer to; a repeat has a group and a repeat element."""
    controls: dict[str, list[etree._Element]] = {}
    for element, path in in_body(body, by_id, root):
        if path:
            controls.setdefault(path, []).append(element)
    return controls


def _walk(
    data: etree._Element, controls: dict[str, list[etree._Element]]
) -> Iterator[tuple[etree._Element, str, tuple[str, ...]]]:
    """Each node of the primary instance with its path and repeats; a repeat's template and first instance count once."""
    visited: set[str] = set()

    def inside(
        parent: etree._Element, path: str, repeats: tuple[str, ...]
    ) -> Iterator[tuple[etree._Element, str, tuple[str, ...]]]:
        for child in parent:
            here = f"{path}/{local_name(child)}"
            if here in visited:
                continue
            visited.add(here)
            is_repeat = any(local_name(element) == "repeat" for element in controls.get(here, ()))
            within = (*repeats, here) if is_repeat else repeats
            yield child, here, within
            yield from inside(child, here, within)

    return inside(data, f"/{local_name(data)}", ())


def _node(
    element: etree._Element,
    path: str,
    repeats: tuple[str, ...],
    bind: etree._Element | None,
    controls: list[etree._Element] | None,
    texts: _Texts,
) -> Node:
    named = {local_name(control): control for control in controls or ()}
    if "repeat" in named:
        kind = "repeat"
    elif len(element) or "group" in named:
        kind = "group"
    else:
        kind = "question"
    control = next((named[name] for name in named if name in _CONTROLS), None)
    labelled = control if control is not None else named.get("group", named.get("repeat"))
    return Node(
        path=path,
        name=local_name(element),
        kind=kind,
        type=_type(path, bind, control) if kind == "question" else "",
        list=_list(control, path),
        label=texts.label(labelled),
        depth=path.count("/") - 2,
        repeats=repeats,
        saveto=" ".join((bind.get(SAVETO, "") if bind is not None else "").split()),
        restricted=(bind.get(RESTRICTED, "") if bind is not None else "").strip(),
    )


def _type(path: str, bind: etree._Element | None, control: etree._Element | None) -> str:
    bound = bind.get("type", "string") if bind is not None else "string"
    element = local_name(control) if control is not None else ""
    if bound == "binary":
        medium = control.get("mediatype", "") if control is not None else ""
        if path.endswith("/meta/audit"):
            return "audit"
        return {"image/*": "image", "audio/*": "audio", "video/*": "video"}.get(medium, "file")
    if element in ("select1", "select", "rank", "trigger"):
        return {"select1": "select_one", "select": "select_multiple"}.get(element, element)
    if bound == "string":
        return "text" if control is not None else "calculate"
    return bound


def _list(control: etree._Element | None, path: str) -> str:
    if control is None:
        return ""
    itemset = next(_children(control, "itemset"), None)
    if itemset is None:
        return path if any(True for _ in _children(control, "item")) else ""
    listed = _NODESET_LIST.match(itemset.get("nodeset", "").strip())
    return listed[1] if listed else ""


class _Texts:
    """The form's texts in Chinese and English, however the form names these languages."""

    def __init__(self, model: etree._Element) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        itext = _child(model, "itext")
        for translation in _children(itext, "translation") if itext is not None else ():
            language = _language(translation.get("lang", ""))
            for text in translation:
                plain = next((v for v in _children(text, "value") if v.get("form") is None), None)
                if plain is not None and (content := _plain(plain)) != "-":
                    self._texts.setdefault(text.get("id", ""), {}).setdefault(language, content)

    def label(self, control: etree._Element | None) -> dict[str, str]:
        label = next(_children(control, "label"), None) if control is not None else None
        return {} if label is None else self.of(label)

    def of(self, label: etree._Element) -> dict[str, str]:
        referenced = _ITEXT.match(label.get("ref", ""))
        return self.by_id(referenced[1]) if referenced else _both({"": _plain(label)})

    def by_id(self, text_id: str) -> dict[str, str]:
        return _both(self._texts.get(text_id, {}))


def _language(name: str) -> str:
    lowered = name.lower()
    if "(zh" in lowered or lowered.startswith("zh") or "中文" in name or "汉语" in name:
        return "zh"
    return "en" if "(en" in lowered or lowered.startswith("en") else name


def _both(texts: dict[str, str]) -> dict[str, str]:
    """The Chinese and English text; if the form lacks one of them, the text in another language."""
    other = next((text for text in texts.values() if text), "")
    return {language: texts.get(language) or other for language in _LANGUAGES} if other else {}


def _all_text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _plain(element: etree._Element) -> str:
    """The text of the element, with an ellipsis where the form inserts an answer."""
    parts = [element.text or ""]
    for child in element:
        parts += (
            "…" if local_name(child) == "output" else _all_text(child),
            child.tail or "",
        )
    return " ".join("".join(parts).split())


def _choices(
    instances: list[etree._Element], controls: dict[str, list[etree._Element]], texts: _Texts
) -> dict[str, dict[str, dict[str, str]]]:
    """The choice lists: secondary instances within the form, and items written into a control."""
    selects = [
        (path, control)
        for path, elements in controls.items()
        for control in elements
        if local_name(control) in ("select1", "select", "rank")
    ]
    refs: dict[str, _Refs] = {}
    for path, control in selects:
        if (itemset := _child(control, "itemset")) is not None and (name := _list(control, path)):
            refs.setdefault(name, _refs(itemset))
    lists: dict[str, dict[str, dict[str, str]]] = {}
    for instance in instances:
        root = next(iter(instance), None)
        if instance.get("src") is None and root is not None:
            name = instance.get("id", "")
            items = (item for item in root if local_name(item) == "item")
            lists[name] = dict(_item(item, refs.get(name, _Refs()), texts) for item in items)
    for path, control in selects:
        inline = dict(_inline(item, texts) for item in _children(control, "item"))
        if inline:
            lists[path] = inline
    return lists


@dataclass(frozen=True, slots=True)
class _Refs:
    """The columns of a choice list in which a select finds value and label."""

    value: str = "name"
    label: str = ""
    text_id: str = ""  # the column with the id of a translated text; "" when there is none


def _refs(itemset: etree._Element) -> _Refs:
    value, label = _child(itemset, "value"), _child(itemset, "label")
    shown = label.get("ref", "").strip() if label is not None else ""
    translated = _ITEXT_REF.match(shown)
    return _Refs(
        value=(value.get("ref", "").strip() if value is not None else "") or "name",
        label="" if translated else shown,
        text_id=translated[1] if translated else "",
    )


def _item(item: etree._Element, refs: _Refs, texts: _Texts) -> tuple[str, dict[str, str]]:
    """Value and labels of an item of a secondary instance, its children being the list's columns."""
    cells = {local_name(child): child for child in reversed(item)}
    value = cells.get(refs.value, cells.get("name", cells.get("value")))
    text_id, label = cells.get(refs.text_id or "itextId"), cells.get(refs.label or "label")
    labels: dict[str, str] = {}
    if text_id is not None and not refs.label:
        labels = texts.by_id((text_id.text or "").strip())
    if not labels and label is not None:
        labels = texts.of(label)
    return ((value.text or "").strip() if value is not None else ""), labels


def _inline(item: etree._Element, texts: _Texts) -> tuple[str, dict[str, str]]:
    value, label = _child(item, "value"), _child(item, "label")
    return (
        (value.text or "").strip() if value is not None else "",
        texts.of(label) if label is not None else {},
    )


def _files(model: etree._Element, nodes: tuple[Node, ...], data: etree._Element) -> Iterator[str]:
    """The file names in jr:// addresses, except jr://instance/, which the phone fills itself.

    They stand in `src` of secondary instances, in the media of itext, and as defaults of
    questions for files.
    """
    addresses = [instance.get("src", "") for instance in _children(model, "instance")]
    itext = _child(model, "itext")
    for translation in _children(itext, "translation") if itext is not None else ():
        for text in _children(translation, "text"):
            addresses += (
                value.text or ""
                for value in _children(text, "value")
                if value.get("form") is not None
            )
    binary = {node.path for node in nodes if node.type in BINARY}
    addresses += (
        element.text or "" for element, path, _repeats in _walk(data, {}) if path in binary
    )
    for address in addresses:
        address = address.strip()
        is_file = address.startswith("jr://") and not address.startswith("jr://instance/")
        if is_file and (name := address.rpartition("/")[2]):
            yield name
