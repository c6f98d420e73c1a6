"""/v1: entity lists of the office's own, read and changed as ODK Central's clients do."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from server.datasets.models import Dataset, Entity
from tests.conftest import COMMUNITY
from tests.doors.central.client import FORMS, LISTS, assert_central, get, table
from tests.factories.field import Field, field_of, instance
from tests.factories.own_lists import (
    BRANCH,
    OAK,
    REGISTER,
    TREE,
    VISIT,
    publish,
    registered,
    visited,
)
from tests.factories.roles import OTHER_STREET

pytestmark = pytest.mark.django_db
TREES = f"{LISTS}/trees"


@pytest.fixture
def people(settings, phone, asking) -> Field:
    settings.RUHU_VALIDATE_JAVA = ""
    return field_of(asking, phone)


@pytest.fixture
def trees(people: Field) -> Field:
    publish(people, REGISTER, VISIT)
    return people


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = json.dumps(body if body is not None else {})
    return getattr(client, method)(
        path, data, content_type="application/json", secure=True, headers=headers
    )


def ok(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()


def test_a_list_of_a_form_and_its_entities_in_every_shape(trees: Field) -> None:
    client = trees.administrator
    trees.taken(registered(height="3", area=COMMUNITY))
    trees.taken(visited(base=1, height="4"))
    detail = ok(get(client, TREES))
    assert {item["name"]: [form["xmlFormId"] for form in item["forms"]] for item in detail["properties"]} == {
        "species": ["tree_register"], "height": ["tree_register", "tree_visit"],
        "area": ["tree_register"], "health": ["tree_visit"],
    }  # fmt: skip
    assert [form["xmlFormId"] for form in detail["linkedForms"]] == ["tree_visit"]
    assert [form["xmlFormId"] for form in detail["sourceForms"]] == ["tree_register", "tree_visit"]
    entity = ok(get(client, f"{TREES}/entities/{TREE}"))
    assert (entity["currentVersion"]["version"], entity["currentVersion"]["data"]["height"]) == (
        2,
        "4",
    )
    (listed,) = json.loads(get(client, f"{TREES}/entities").getvalue())
    assert listed["uuid"] == TREE
    (row,) = table(client, f"{TREES}.svc/Entities")["value"]
    assert (row["__id"], row["label"], row["height"], row["__system"]["version"]) == (
        TREE,
        "Ficus",
        "4",
        2,
    )
    sheet = get(client, f"{TREES}/entities.csv")
    (line,) = csv.DictReader(io.StringIO(sheet.getvalue().decode()))
    assert (line["__id"], line["height"]) == (TREE, "4")
    again = client.get(
        f"{TREES}/entities.csv", secure=True, headers={"if-none-match": sheet["ETag"]}
    )
    assert again.status_code == 304
    first, second = ok(get(client, f"{TREES}/entities/{TREE}/versions"))
    assert (first["data"]["height"], second["data"]["height"]) == ("3", "4")
    assert second["source"]["submission"]["xmlFormId"] == "tree_visit"
    diffs = ok(get(client, f"{TREES}/entities/{TREE}/diffs"))
    assert diffs[1] == [{"propertyName": "height", "old": "3", "new": "4"}]
    audits = ok(get(client, f"{TREES}/entities/{TREE}/audits"))
    assert [act["action"] for act in audits] == ["entity.update.version", "entity.create"]


def test_a_list_made_and_filled_by_a_client(people: Field) -> None:
    client = people.administrator
    assert ok(send(client, "post", LISTS, {"name": "wells"}))["name"] == "wells"
    assert_central(send(client, "post", LISTS, {"name": "wells"}), 409.3)
    assert_central(send(client, "post", LISTS, {"name": "households"}), 409.3)
    for wrong in ("__wells", "a.b", "name", "a b", "", "1a"):
        assert send(client, "post", LISTS, {"name": wrong}).status_code == 400
    wells = f"{LISTS}/wells"
    ok(send(client, "post", f"{wells}/properties", {"name": "depth"}))
    assert_central(send(client, "post", f"{wells}/properties", {"name": "Depth"}), 409.3)
    made = ok(send(client, "post", f"{wells}/entities", {"label": "井一", "data": {"depth": "9"}}))
    assert made["currentVersion"]["data"] == {"depth": "9"}
    body = {
        "entities": [{"label": "b", "data": {}}, {"label": "c", "data": {"depth": "3"}}],
        "source": {"name": "wells.csv", "size": 2},
    }
    assert ok(send(client, "post", f"{wells}/entities", body)) == {"success": True}
    assert Entity.objects.count() == 3
    one_wrong = {"entities": [{"label": "d"}, {"label": "", "data": {}}]}
    assert_central(send(client, "post", f"{wells}/entities", one_wrong), 400.31)
    assert_central(
        send(client, "post", f"{wells}/entities", {"label": "e", "data": {"width": "1"}}), 400.28
    )
    assert_central(
        send(client, "post", f"{wells}/entities", {"uuid": made["uuid"], "label": "f"}), 409.3
    )
    assert Entity.objects.count() == 3


def test_an_entity_changed_deleted_and_restored(trees: Field) -> None:
    client, path = trees.administrator, f"{TREES}/entities/{TREE}"
    trees.taken(registered(height="3"))
    assert_central(send(client, "patch", path, {"data": {"height": "4"}}), 409.15)
    assert_central(
        send(client, "patch", f"{path}?baseVersion=2", {"data": {"height": "4"}}), 409.15
    )
    changed = ok(
        send(client, "patch", f"{path}?baseVersion=1", {"label": "Oak", "data": {"height": "4"}})
    )
    assert (changed["currentVersion"]["version"], changed["currentVersion"]["label"]) == (2, "Oak")
    trees.taken(visited(base=1, height="5"))
    assert ok(get(client, path))["conflict"] == "hard"
    resolved = ok(send(client, "patch", f"{path}?force=true&resolve=true"))
    assert (resolved["conflict"], resolved["currentVersion"]["data"]["height"]) == (None, "5")
    ok(client.delete(path, secure=True, headers={"x-action-notes": "felled"}))
    assert ok(get(client, path))["deletedAt"]
    assert json.loads(get(client, f"{TREES}/entities").getvalue()) == []
    gone = client.get(f"{TREES}/entities?deleted=true", secure=True)
    assert [item["uuid"] for item in json.loads(gone.getvalue())] == [TREE]
    assert_central(client.delete(path, secure=True), 404.1)
    ok(client.post(f"{path}/restore", secure=True))
    assert ok(get(client, path))["currentVersion"]["version"] == 4
    audits = ok(get(client, f"{path}/audits"))
    assert [act["notes"] for act in audits if act["action"] == "entity.delete"] == ["felled"]


def test_many_entities_are_deleted_and_restored_all_or_none(trees: Field, asking) -> None:
    client = trees.administrator
    ok(send(client, "patch", TREES, {"areaProperty": "area"}))
    for uuid in (TREE, OAK):
        trees.taken(registered(uuid, area=COMMUNITY))
    ids = {"ids": [OAK, f"uuid:{TREE}", OAK]}
    there = asking("street", area=OTHER_STREET)
    for way in ("bulk-delete", "bulk-restore"):
        path = f"{TREES}/entities/{way}"
        assert_central(send(there, "post", path, ids), 404.1)
        assert_central(send(client, "post", path, {"ids": [TREE, str(uuid4())]}), 404.1)
        for wrong in ({}, {"ids": []}, {"ids": TREE}, {"ids": [TREE, 7]}, {"ids": ["1"]}):
            assert send(client, "post", path, wrong).status_code == 400
        assert_central(send(client, "post", f"{LISTS}/households/entities/{way}", ids), 501.1)
    assert Entity.objects.filter(gone_as="").count() == 2
    path = f"{TREES}/entities/bulk-delete"
    answer = ok(send(trees.street, "post", path, ids, **{"x-action-notes": "felled"}))
    assert answer == {"success": True, "count": 2}
    assert json.loads(get(client, f"{TREES}/entities").getvalue()) == []
    audits = ok(get(client, f"{TREES}/entities/{OAK}/audits"))
    assert [act["notes"] for act in audits if act["action"] == "entity.delete"] == ["felled"]
    assert_central(send(client, "post", path, ids), 404.1)
    assert ok(send(client, "post", f"{TREES}/entities/bulk-restore", ids))["count"] == 2
    assert len(json.loads(get(client, f"{TREES}/entities").getvalue())) == 2


def test_each_office_has_its_entities(trees: Field, asking) -> None:
    ok(send(trees.administrator, "patch", TREES, {"areaProperty": "area"}))
    trees.taken(registered(area=COMMUNITY))
    here, there = trees.street, asking("street", area=OTHER_STREET)
    path = f"{TREES}/entities/{TREE}"
    assert get(here, path).status_code == 200
    for method in ("patch", "delete"):
        assert_central(send(there, method, f"{path}?force=true", {"data": {}}), 404.1)
    for part in ("", "/versions", "/diffs", "/audits"):
        assert_central(get(there, path + part), 404.1)
    assert table(there, f"{TREES}.svc/Entities")["value"] == []
    new = {"label": "Oak", "data": {"area": COMMUNITY}, "uuid": OAK}
    assert_central(send(there, "post", f"{TREES}/entities", new), 403.1)
    ok(send(here, "post", f"{TREES}/entities", new))
    moved = {"data": {"area": f"{OTHER_STREET}001"}}
    assert_central(send(here, "patch", f"{TREES}/entities/{OAK}?force=true", moved), 403.1)
    assert_central(send(here, "patch", TREES, {"areaProperty": ""}), 403.1)


def test_lists_of_the_ledgers_say_where_they_change(trees: Field) -> None:
    client = trees.administrator
    for method, path in (
        ("post", "/entities"), ("patch", ""), ("post", "/properties"), ("get", f"/entities/{uuid4()}/versions"),
    ):  # fmt: skip
        response = (
            get(client, f"{LISTS}/households{path}")
            if method == "get"
            else send(client, method, f"{LISTS}/households{path}", {"name": "x"})
        )
        assert_central(response, 501.1)


def test_approval_and_the_records_that_waited(trees: Field) -> None:
    from server.submissions.drain import drain_now

    client = trees.administrator
    assert ok(send(client, "patch", TREES, {"approvalRequired": True}))["approvalRequired"] is True
    trees.taken(registered())
    trees.taken(visited(branch=BRANCH, height="4"))
    assert not Entity.objects.exists()
    ok(send(client, "patch", TREES, {"approvalRequired": False}))
    drain_now()
    assert Entity.objects.get().values["height"] == "4"
    assert Dataset.objects.get().needs_approval is False


def test_entities_and_records_as_geojson(people: Field) -> None:
    wells = {
        "survey": """type|name|label|save_to
            text|name_of|Name|name_of
            geopoint|spot|Spot|geometry""",
        "entities": "list_name|label\nwells|${name_of}",
        "settings": "form_id|version|form_title\nwells|1|Wells",
    }
    publish(people, wells)
    block = f'<entity dataset="wells" id="{TREE}" create="1"><label>A</label></entity>'
    people.taken(
        instance(
            "wells", "<name_of>A</name_of><spot>23.1 113.3 0 0</spot>", meta=block, iid="uuid:well"
        )
    )
    people.taken(instance("wells", "<name_of>B</name_of>"))
    for path, key in (
        (f"{LISTS}/wells/entities", TREE),
        (f"{FORMS}/wells/submissions", "uuid:well"),
    ):
        response = get(people.administrator, f"{path}.geojson")
        collection = json.loads(response.getvalue())
        (feature,) = collection["features"]
        assert (collection["type"], feature["id"]) == ("FeatureCollection", key)
        assert feature["geometry"]["coordinates"][:2] == [113.3, 23.1]
    wrong = get(people.administrator, f"{FORMS}/wells/submissions.geojson?fieldpath=/none")
    assert_central(wrong, 400.23)


def test_the_versions_of_a_record_and_what_they_changed(trees: Field) -> None:
    client, records = trees.administrator, f"{FORMS}/tree_visit/submissions"
    first = trees.taken(visited(height="4", iid="uuid:first"))
    second = trees.taken(visited(edits=first, height="6", health="bad", iid="uuid:second"))
    rows = ok(get(client, f"{records}/{first}/versions"))
    assert [(row["instanceId"], row["current"]) for row in rows] == [(second, True), (first, False)]
    assert ok(get(client, f"{records}/{first}/versions/{first}"))["formVersion"] == "1"
    assert b"<height>4<" in get(client, f"{records}/{first}/versions/{first}.xml").content
    changes = {
        tuple(item["path"]): (item["old"], item["new"])
        for item in ok(get(client, f"{records}/{first}/diffs"))[second]
    }
    assert changes[("height",)] == ("4", "6")
    assert changes[("health",)] == (None, "bad")
    assert_central(get(client, f"{records}/{first}/versions/uuid:none"), 404.1)
    (sender,) = ok(get(client, f"{records}/submitters"))
    assert sender["displayName"]
