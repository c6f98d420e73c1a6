"""An XForm that is published as it is given, without a workbook (decision 0374): read, checked, and seen as the sheets of one.

Phones get the very bytes. What a workbook says besides its XForm stands in attributes of the
binds (forms.md, XForms without a workbook). A fault has the path of its element for the sheet,
and the line of the file for the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final
from xml.parsers import expat

from django.utils.translation import gettext as _
from lxml import etree

from server.core import xml
from server.core.xml import BadXml, local_name
from server.forms import xform
from server.forms.entity_forms import EntityForm, entity_form
from server.forms.problems import Fault, NotAnXForm, XFormTooLarge
from server.forms.sheets import MAX_ROWS, Row, Sheet
from server.forms.workbook import MAX_BYTES, Workbook
from server.forms.xform import Node, XForm, absolute, in_body
from server.forms.xform_trees import tree

LEDGERS: Final = "{urn:ruhu:xforms}ledgers"
MAX_TEXT: Final = 32_767
"""Characters of an attribute of a bind: as many as a cell of a workbook holds."""
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_XFORMS: Final = "{http://www.w3.org/2002/xforms}"
_MEBIBYTE: Final = 1024 * 1024
_MARK: Final = b"\xef\xbb\xbf"
_INSTANCE: Final = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_ATTRIBUTE: Final = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_HTML: Final = re.compile(rb"<([\w.-]+:)?html\b")
_WORDS: Final = frozenset({"key", "link", "level"})
_PROPERTY: Final = re.compile(r"(?!__)[^\W\d][\w.-]{0,99}")
_RESERVED: Final = frozenset({"name", "label"})


def is_xform(content: bytes, filename: str) -> bool:
    """Whether the file is meant as an XForm: by its name, or as XML that names XForms or begins as html; Excel writes other XML as .xls."""
    if PurePath(filename).suffix.lower() == ".xml":
        return True
    begin = content[:512].removeprefix(_MARK).lstrip()[:1]
    return begin == b"<" and (
        _XFORMS[1:-1].encode() in content or _HTML.search(content[:4096]) is not None
    )


def read(content: bytes, filename: str) -> tuple[XForm, Workbook]:
    """The form, and what a workbook of it would hold: questions, ledgers and entities, without the cells.

    A form without a title is called by its form_id. Raises NotAnXForm, XFormTooLarge.
    """
    if len(content) > MAX_BYTES:
        reason = _("it is over {n} MB").format(n=MAX_BYTES // _MEBIBYTE)
        raise XFormTooLarge(filename=filename, reason=reason)
    if content.startswith(_MARK):
        reason = _("it begins with a byte-order mark, which phones refuse")
        raise NotAnXForm(filename=filename, reason=reason)
    try:
        root = tree(content)
        content.decode("utf-8")
        form = xform.read(content)
    except BadXml as error:
        raise NotAnXForm(filename=filename, reason=_why(str(error.data["reason"]))) from None
    except UnicodeDecodeError:
        reason = _("its text is not in UTF-8")
        raise NotAnXForm(filename=filename, reason=reason) from None
    except xform.BadXForm:
        reason = _("it has no head with a model and a primary instance, or no body")
        raise NotAnXForm(filename=filename, reason=reason) from None
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII"):
        reason = _("it declares another encoding than UTF-8")
        raise NotAnXForm(filename=filename, reason=reason)
    if len(form.nodes) > MAX_ROWS:
        reason = _("it has over {n} questions").format(n=MAX_ROWS)
        raise XFormTooLarge(filename=filename, reason=reason)
    binds = root.iterfind(f"{_XHTML}head/{_XFORMS}model/{_XFORMS}bind")
    if any(len(text) > MAX_TEXT for bind in binds for text in bind.attrib.values()):
        reason = _("an attribute of a bind has over {n} characters").format(n=MAX_TEXT)
        raise XFormTooLarge(filename=filename, reason=reason)
    titled = replace(form, title=form.title or form.form_id)
    return titled, _as_workbook(titled, root, content, PurePath(filename).stem)


def faults(form: XForm, source: Workbook, document: bytes) -> Iterator[Fault]:
    """What keeps an XForm that was read from being published; ODK Validate looks at its expressions besides."""
    place = (source.setting.sheet, source.setting.number)
    if not form.form_id:
        yield Fault(
            _("The form has no form_id."),
            _("Give the first element of the primary instance an attribute id."),
            *place,
        )
    if not form.has_instance_id:
        yield Fault(
            _("The form makes no instanceID, so a resend could not be told from a new record."),
            _(
                "Add meta/instanceID to the primary instance, calculated by concat('uuid:', uuid())."
            ),
            *place,
        )
    if form.submission_url:
        yield Fault(
            _("The form names its own address for records."),
            _("Remove the action of its submission: each phone sends to the address it is configured with."),
            *place,
        )  # fmt: skip
    named = [word for node in form.nodes for word in node.saveto.split()]
    if not source.ledgers.rows and any(not word.startswith("head.") for word in named):
        yield Fault(
            _("The form saves answers to ledgers, but does not say which records they make."),
            _("Publish its workbook, whose ledgers sheet says so, or write ruhu:ledgers on the binds of the records."),
            *place,
        )  # fmt: skip
    for row in source.survey:
        name = row["save_to"].partition("#")[2]
        if name and (not _PROPERTY.fullmatch(name) or name.lower() in _RESERVED):
            yield Fault(
                _("An entity list cannot have a property “{name}”.").format(name=name[:100]),
                _("Begin with a letter, and use letters, digits and _ - . only; name and label have meanings of their own."),
                row.sheet,
                row.number,
            )  # fmt: skip
    yield from _lost(form, tree(document))


def with_version(content: bytes, version: str) -> bytes:
    """The XForm with this version on its primary instance, as ODK Central writes it; every other byte stays.

    For XForms that `read` accepts.
    """
    start = _start_of_data(content)
    name = re.compile(rb"<[^\s/>]+").match(content, start)
    assert name is not None  # noqa: S101 expat has seen an element there
    value = version.encode("utf-8").replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    written = b'"' + value.replace(b'"', b"&quot;") + b'"'
    at, places = name.end(), {}
    while attribute := _ATTRIBUTE.match(content, at):
        at = attribute.end()
        places[attribute[1]] = attribute.span(2)
    with_prefix = [other for other in places if other.endswith(b":version")]
    for known in (b"version", *with_prefix):
        if known in places:
            begin, end = places[known]
            changed = content[:begin] + written + content[end:]
            if xform.read(changed).version == version:
                return changed
    return content[: name.end()] + b" version=" + written + content[name.end() :]


def _why(reason: str) -> str:
    """The reason of BadXml in words."""
    if reason == "DOCTYPE":
        return _("it has a DOCTYPE, which can declare entities")
    if reason.startswith("depth"):
        return _("its elements are nested more than {n} deep").format(n=xml.MAX_DEPTH)
    if reason.startswith("elements"):
        return _("it has too many elements")
    place = reason.partition(" @ ")[2]
    if not place:
        return _("it is no XML")
    return _("its XML is broken at line and column {place}").format(place=place)


def _as_workbook(form: XForm, root: etree._Element, content: bytes, stem: str) -> Workbook:
    model = root.find(f"{_XHTML}head/{_XFORMS}model")
    assert model is not None  # noqa: S101 xform.read has found it
    binds = {
        absolute(bind.get("nodeset", ""), f"/{form.root}"): bind
        for bind in model.iterfind(f"{_XFORMS}bind")
    }
    instance = model.find(f"{_XFORMS}instance")
    data = instance[0] if instance is not None else model
    lines = _lines(data)
    lines |= {path: _line(bind) for path, bind in binds.items()}
    entities = entity_form(content)
    rows = [_row(node, lines.get(node.path, 1), entities) for node in form.nodes]
    place, named = f"/{form.root}", {"form_id": form.form_id, "version": form.version}
    return Workbook(
        survey=Sheet("survey", rows=tuple(rows)),
        choices=Sheet("choices"),
        settings=Sheet("settings", rows=(Row(place, _line(data), {}, named),)),
        ledgers=Sheet("ledgers", rows=tuple(_records(binds))),
        entities=Sheet("entities", rows=tuple(_entity_rows(data))),
        definition={},
        faults=(),
        is_whole=True,
        remarks=(),
        fallback_form_id=stem,
        rows_by_path={
            tuple(node.path.split("/")[2:]): row for node, row in zip(form.nodes, rows, strict=True)
        },
    )


def _row(node: Node, line: int, entities: EntityForm) -> Row:
    known = {"name": node.name}
    if node.path in entities.lists:
        known["save_to"] = f"{entities.lists[node.path]}#{entities.properties[node.path]}"
    return Row(node.path, line, {}, known)


def _lines(data: etree._Element) -> dict[str, int]:
    """The line of each node of the primary instance, by its path."""
    lines: dict[str, int] = {}
    waiting = [(data, f"/{local_name(data)}")]
    while waiting:
        element, path = waiting.pop()
        lines.setdefault(path, _line(element))
        waiting += ((child, f"{path}/{local_name(child)}") for child in element)
    return lines


def _records(binds: dict[str, etree._Element]) -> Iterator[Row]:
    """The rows of the ledgers sheet that `ruhu:ledgers` stands for: `household key=id link=…; visit key=instance`."""
    for path, bind in binds.items():
        for part in filter(None, map(str.strip, bind.get(LEDGERS, "").split(";"))):
            ledger, *words = part.split()
            known = {"ledger": ledger, "at": path}
            for word in words:
                name, _equals, value = word.partition("=")
                if name in _WORDS:
                    known[name] = value.replace(",", " ")
            yield Row(path, _line(bind), {}, known)


def _entity_rows(data: etree._Element) -> Iterator[Row]:
    for element in data.iter("{*}entity"):
        if element.get("dataset") is not None:
            names = [local_name(above) for above in element.iterancestors()]
            place = "/".join(reversed([local_name(element), *names[: names.index("instance")]]))
            known = {"list_name": element.get("dataset", "")}
            yield Row(f"/{place}", _line(element), {}, known)


def _lost(form: XForm, root: etree._Element) -> Iterator[Fault]:
    """Binds and controls of nodes that the primary instance lacks, and lists of choices that no instance holds."""
    model, body = root.find(f"{_XHTML}head/{_XFORMS}model"), root.find(f"{_XHTML}body")
    assert model is not None and body is not None  # noqa: S101, PT018 xform.read has found them
    known = {f"/{form.root}", *(node.path for node in form.nodes)}
    lists = {instance.get("id", "") for instance in model.iterfind(f"{_XFORMS}instance")}
    by_id = {}
    for bind in model.iterfind(f"{_XFORMS}bind"):
        path = absolute(bind.get("nodeset", ""), f"/{form.root}")
        by_id[bind.get("id", "")] = path
        if path.partition("/@")[0] not in known:
            yield _no_node(bind, path)
    for element, path in in_body(body, by_id, f"/{form.root}"):
        if path and path not in known:
            yield _no_node(element, path)
        for itemset in element.iterchildren(f"{_XFORMS}itemset"):
            named = _INSTANCE.match(itemset.get("nodeset", "").strip())
            if named and named[1] not in lists:
                yield Fault(
                    _("There is no list of choices “{name}”.").format(name=named[1]),
                    _("Add an instance with this id to the model, or correct the name."),
                    path,
                    _line(itemset),
                )


def _line(element: Any) -> int:
    return int(element.sourceline or 1)


def _no_node(element: etree._Element, path: str) -> Fault:
    return Fault(
        _("The {element} is about “{path}”, which the primary instance lacks.").format(
            element=local_name(element), path=path
        ),
        _("Correct the path, or add the element to the primary instance."),
        path,
        _line(element),
    )


def _start_of_data(content: bytes) -> int:
    """Where the first element of the primary instance begins, in bytes."""
    parser = expat.ParserCreate(namespace_separator="}")
    way = ["head", "model", "instance"]
    inside: list[str] = []
    starts: list[int] = []

    def start(name: str, _attributes: object) -> None:
        if inside[1:] == way and not starts:
            starts.append(parser.CurrentByteIndex)
        inside.append(name.rpartition("}")[2])

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: inside.pop()
    parser.Parse(content, True)
    return starts[0]
