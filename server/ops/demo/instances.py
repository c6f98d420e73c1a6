"""Instance XML as Collect writes it, built from a published form's own template. Pure.

Answers are given by question name; a question without an answer is left blank, so a form
may gain questions without breaking the demo. A repeat takes a list of such dictionaries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final
from uuid import UUID

from lxml import etree

from server.core.xml import local_name, parse

_TEMPLATE_ATTRIBUTE: Final = "{http://openrosa.org/javarosa}template"

Answers = Mapping[str, Any]
"""Question name → text, or → a list of Answers for a repeat."""


class Template:
    """One form version's primary instance, ready to be filled in again and again."""

    def __init__(self, xform: bytes) -> None:
        model = next(e for e in parse(xform).iter() if local_name(e) == "model")
        instance = next(e for e in model if local_name(e) == "instance")
        self.root = deepcopy(instance[0])
        for element in self.root.iter():
            element.tag = local_name(element)  # Collect leaves out the model's own namespace
        etree.cleanup_namespaces(self.root)

    def fill(self, answers: Answers, *, instance_id: UUID, instance_name: str = "") -> bytes:
        """The finished instance. Questions without an answer are empty, even those with a default."""
        root = deepcopy(self.root)
        _fill(root, answers)
        meta = next(e for e in root if local_name(e) == "meta")
        for element in meta.iter():
            match local_name(element):
                case "instanceID":
                    element.text = f"uuid:{instance_id}"
                case "instanceName":
                    element.text = instance_name
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _fill(parent: etree._Element, answers: Answers) -> None:
    repeats: dict[str, etree._Element] = {}
    for child in list(parent):
        name = local_name(child)
        if name == "meta":
            _fill_entity(child, answers)
        elif child.get(_TEMPLATE_ATTRIBUTE) is not None:
            repeats[name] = child
        elif name in repeats:
            parent.remove(child)  # the empty first record that stands beside its template
        elif len(child):
            _fill(child, answers)
        else:
            child.text = answers.get(name) or None
    for name, template in repeats.items():
        _repeat(parent, template, answers.get(name) or ())


def _repeat(parent: etree._Element, template: etree._Element, records: Sequence[Answers]) -> None:
    start = parent.index(template)
    parent.remove(template)
    del template.attrib[_TEMPLATE_ATTRIBUTE]
    for number, record in enumerate(records):
        filled = deepcopy(template)
        _fill(filled, record)
        parent.insert(start + number, filled)


def _fill_entity(meta: etree._Element, answers: Answers) -> None:
    """Fill in the entity that the form creates, from {"entity": {"id", "label"}}; without it, remove the block."""
    for element in [e for e in meta if local_name(e) == "entity"]:
        entity = answers.get("entity")
        if not entity:
            meta.remove(element)
            continue
        element.set("id", str(entity["id"]))
        element.set("create", "1")
        for child in element:
            if local_name(child) == "label":
                child.text = entity["label"]
