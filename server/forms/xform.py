"""Reads an XForm: its id and version, its questions with their labels, and the files it needs. Pure.

Phones hold the XForm, not the workbook, so everything that depends on the form (the
mapping, the display of answers) is read from the XForm (ODK XForms specification).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from server.core import xml
from server.core.xml import local_name

SAVETO: Final = "{urn:ruhu:xforms}saveto"
_NODESET_LIST = re.compile(r"^instance\('([^']+)'\)")
_ITEXT = re.compile(r"^jr:itext\('([^']+)'\)$")
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
    html = xml.parse(document)
    model, body = _first(html, "model"), _first(html, "body")
    if model is None or body is None:
        raise BadXForm("no model or body")
    instances = [child for child in model if local_name(child) == "instance"]
    data = next(iter(instances[0]), None) if instances else None
    if data is None:
        raise BadXForm("no primary instance")
    texts = _Texts(model)
    binds = {bind.get("nodeset", ""): bind for bind in _children(model, "bind")}
    controls = _controls(body)
    nodes = tuple(
        _node(element, path, repeats, binds.get(path), controls.get(path), texts)
        for element, path, repeats in _walk(data, controls)
    )
    title = _first(html, "title")
    submission = _first(model, "submission")
    meta = next((child for child in data if local_name(child) == "meta"), ())
    return XForm(
        form_id=data.get("id", ""),
        version=data.get("version", ""),
        title=(_all_text(title).strip() if title is not None else ""),
        root=local_name(data),
        nodes=nodes,
        choices=_choices(instances[1:], body, texts),
        files=tuple(sorted(_files(html))),
        has_instance_id=any(local_name(child) == "instanceID" for child in meta),
        submission_url=submission.get("action", "") if submission is not None else "",
        public_key=submission.get("base64RsaPublicKey", "") if submission is not None else "",
    )


def _first(parent: etree._Element, name: str) -> etree._Element | None:
    return next((element for element in parent.iter() if local_name(element) == name), None)


def _children(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in parent if local_name(child) == name)


def _controls(body: etree._Element) -> dict[str, list[etree._Element]]:
    """The body elements by the path they refer to; a repeat has a group and a repeat element."""
    controls: dict[str, list[etree._Element]] = {}
    for element in body.iter():
        name = local_name(element)
        if name in _CONTROLS or name in ("group", "repeat"):
            path = element.get("nodeset") if name == "repeat" else element.get("ref")
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
        list=_list(control),
        label=texts.label(labelled),
        depth=path.count("/") - 2,
        repeats=repeats,
        saveto=" ".join((bind.get(SAVETO, "") if bind is not None else "").split()),
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


def _list(control: etree._Element | None) -> str:
    if control is None:
        return ""
    itemset = next(_children(control, "itemset"), None)
    if itemset is None:
        return control.get("ref", "") if any(True for _ in _children(control, "item")) else ""
    named = _NODESET_LIST.match(itemset.get("nodeset", "").strip())
    return named[1] if named else ""


class _Texts:
    """The form's texts in Chinese and English, however the form names these languages."""

    def __init__(self, model: etree._Element) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        itext = _first(model, "itext")
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
    instances: list[etree._Element], body: etree._Element, texts: _Texts
) -> dict[str, dict[str, dict[str, str]]]:
    """The choice lists: secondary instances within the form, and items written into a control."""
    lists: dict[str, dict[str, dict[str, str]]] = {}
    for instance in instances:
        if instance.get("src") is None:
            items = (item for item in instance.iter() if local_name(item) == "item")
            lists[instance.get("id", "")] = dict(_item(item, texts) for item in items)
    for control in body.iter():
        if local_name(control) in ("select1", "select", "rank"):
            inline = dict(_item(item, texts) for item in _children(control, "item"))
            if inline:
                lists[control.get("ref", "")] = inline
    return lists


def _item(item: etree._Element, texts: _Texts) -> tuple[str, dict[str, str]]:
    cells = {local_name(child): child for child in item}
    value = cells.get("name", cells.get("value"))
    text_id, label = cells.get("itextId"), cells.get("label")
    if text_id is not None:
        labels = texts.by_id((text_id.text or "").strip())
    else:
        labels = texts.of(label) if label is not None else {}
    return ((value.text or "").strip() if value is not None else ""), labels


def _files(html: etree._Element) -> set[str]:
    """The file names in jr:// addresses, except jr://instance/, which the phone fills itself."""
    files: set[str] = set()
    for element in html.iter():
        for address in (element.get("src", ""), element.text or ""):
            address = address.strip()
            if address.startswith("jr://") and not address.startswith("jr://instance/"):
                files.add(address.rpartition("/")[2])
    return files - {""}
