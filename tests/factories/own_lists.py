"""Forms that make, change and read an entity list of the office's own, and records of them as phones send them."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any, Final
from uuid import UUID

from django.test import Client
from lxml import etree

from tests.factories.field import Field, instance
from tests.factories.submissions import Phone

TREE: Final = "11111111-0000-4000-8000-000000000001"
OAK: Final = "11111111-0000-4000-8000-000000000002"
BRANCH: Final = "22222222-0000-4000-8000-000000000001"
MANIFEST: Final = "{http://openrosa.org/xforms/xformsManifest}"
REGISTER: Final[dict[str, Any]] = {
    "survey": """type|name|label|save_to
        text|species|Species|species
        text|height|Height|height
        text|area|Area|area""",
    "entities": "list_name|label\ntrees|${species}",
    "settings": "form_id|version|form_title\ntree_register|1|Register",
}
VISIT: Final[dict[str, Any]] = {
    "survey": """type|name|label|save_to
        select_one_from_file trees.csv|tree|Tree|
        text|height|Height|height
        text|health|Health|health""",
    "entities": "list_name|entity_id\ntrees|${tree}",
    "settings": "form_id|version|form_title\ntree_visit|1|Visit",
}
PEOPLE: Final[dict[str, Any]] = {
    "survey": """type|name|label|save_to
        begin_repeat|person|Person|
        text|full_name|Name|full_name
        end_repeat||||""",
    "entities": "list_name|label|repeat\npeople|${full_name}|${person}",
    "settings": "form_id|version|form_title\npeople_repeat|1|People",
}


def registered(uuid: str = TREE, *, iid: str = "", label: str = "Ficus", **answers: str) -> bytes:
    """A record that makes a tree."""
    given = {"species": label, **answers}
    block = f'<entity dataset="trees" id="{uuid}" create="1"><label>{label}</label></entity>'
    return instance("tree_register", _answers(given), iid=iid, meta=block)


def visited(
    uuid: str = TREE,
    *,
    iid: str = "",
    edits: str = "",
    base: int = 1,
    trunk: int | None = None,
    branch: str = "",
    **answers: str,
) -> bytes:
    """A record that changes a tree."""
    offline = f' trunkVersion="{trunk or ""}" branchId="{branch}"' if branch else ""
    block = f'<entity dataset="trees" id="{uuid}" update="1" baseVersion="{base}"{offline}/>'
    deprecated = f"<deprecatedID>{edits}</deprecatedID>" if edits else ""
    return instance(
        "tree_visit", _answers({"tree": uuid, **answers}), iid=iid, meta=deprecated + block
    )


def household_of(*people: tuple[str, str]) -> bytes:
    """A record that makes a person for each (uuid, name)."""
    answers = "".join(
        f"<person><full_name>{name}</full_name><meta>"
        f'<entity dataset="people" id="{uuid}" create="1"><label>{name}</label></entity></meta></person>'
        for uuid, name in people
    )
    return instance("people_repeat", answers)


def _answers(given: dict[str, str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in given.items())


def publish(people: Field, *forms: dict[str, Any]) -> None:
    """Publish these forms, offered everywhere."""
    for form in forms:
        answer = people.publish(form)
        assert answer.status_code == 201, answer.content


def listed(
    phone: Phone, form: str = "tree_visit", name: str = "trees", version: str = "1"
) -> dict[str, Any]:
    """What a phone gets of the list: `kind`, `hash` and `rows` (label → row)."""
    answer = Client().get(f"{phone.base}/forms/{form}/{version}/manifest.xml")
    assert answer.status_code == 200, answer.content
    file = next(
        item
        for item in etree.fromstring(answer.content)
        if item.findtext(f"{MANIFEST}filename") == f"{name}.csv"
    )
    content = Client().get(file.findtext(f"{MANIFEST}downloadUrl")).content
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text.decode()))}
    return {"kind": file.get("type"), "hash": file.findtext(f"{MANIFEST}hash"), "rows": rows}


def deleted(phone: Phone, uuid: str = TREE) -> bool:
    """Whether the phone is told to delete the entity."""
    answer = Client().get(f"{phone.base}/entities/integrity?id={UUID(uuid)}")
    return etree.fromstring(answer.content).findtext(".//deleted") == "true"
