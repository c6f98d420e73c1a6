"""/v1: entity lists as ODK Central's clients read them, whole, by pages, and by their ETag."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.conftest import COMMUNITY
from tests.doors.central.client import LISTS, assert_central, get, table
from tests.factories.audit import disclosed
from tests.factories.console import AT, ID_NO

HOUSEHOLDS = f"{LISTS}/households"
TABLE = f"{HOUSEHOLDS}.svc/Entities"


def sheet(client: Client, name: str, **headers: str) -> Any:
    return client.get(f"{LISTS}/{name}/entities.csv", secure=True, headers=headers)


def lines(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


@pytest.fixture
def contributions(street):
    """Two contributions to the household, from two submissions of the worker."""
    from server.ledgers.models import ContributionRow

    for number, at in enumerate((AT, AT.replace(month=12))):
        ContributionRow.objects.create(
            id=number, family="household", entry=street.household.pk, keys=[street.household.pk],
            path="/data", observed_at=AT, received_at=at, instance_id=f"uuid:{number}",
            worker=street.worker, level=2, area_code=COMMUNITY, values={},
        )  # fmt: skip


@pytest.fixture
def many(street):
    """Seven more households."""
    from server.ledgers.models import Household

    for number in range(7):
        Household.objects.create(
            id=uuid4(), area_code=COMMUNITY, observed_at=AT, verified_level=2, address=f"{number}号"
        )


def test_the_lists_and_what_they_hold(street, asking):
    client = asking()
    lists = {entity_list["name"]: entity_list for entity_list in get(client, LISTS).json()}
    assert list(lists) == [
        "communities", "households", "cases", "employers", "persons", "vacancies", "retirees",
    ]  # fmt: skip
    assert lists["households"]["approvalRequired"] is False
    detail = client.get(HOUSEHOLDS, secure=True, headers={"x-extended-metadata": "true"}).json()
    assert detail["entities"] == 1  # the other lies in another street
    names = {item["name"]: item for item in detail["properties"]}
    assert names["marker-color"]["odataName"] == "marker_color"
    assert {"name", "label", "__version"}.isdisjoint(names)
    assert_central(get(client, f"{LISTS}/nothing"), 404.1)


def test_forms_that_use_a_list_or_make_its_entries(street, asking):
    from server.forms.models import FormMedia

    version = street.form.current_version
    version.xform = (
        b"<h:html xmlns:h='http://www.w3.org/1999/xhtml' xmlns='http://www.w3.org/2002/xforms'"
        b" xmlns:entities='http://www.opendatakit.org/xforms/entities'><h:head><model><instance>"
        b"<data><meta><entity dataset='households' create=''/></meta></data>"
        b"</instance></model></h:head><h:body/></h:html>"
    )
    version.save()
    street.form.needs_approval = True
    street.form.save()
    FormMedia.objects.create(form_version=version, filename="cases.csv", kind="entity_list")
    client = asking()
    mine = {"xmlFormId": "household_survey", "name": street.form.title}
    household, case = get(client, HOUSEHOLDS).json(), get(client, f"{LISTS}/cases").json()
    assert (household["sourceForms"], household["linkedForms"]) == ([mine], [])
    assert (case["sourceForms"], case["linkedForms"]) == ([], [mine])
    assert (household["approvalRequired"], case["approvalRequired"]) == (True, False)


def test_an_entry_in_every_shape(contributions, street, asking):
    from server.ledgers.models import ListedEntity

    key = str(street.household.pk)
    ListedEntity.objects.create(list="households", entity=key, version=3, area_code=COMMUNITY)
    client = asking()
    entity = get(client, f"{HOUSEHOLDS}/entities/{key.upper()}").json()
    version = entity["currentVersion"]
    assert (entity["uuid"], version["version"], version["label"]) == (key, 3, "棠荫路1号 陈大文1")
    assert version["data"]["geometry"] == "23.125000 113.355000 0 0"
    assert (entity["createdAt"], entity["updatedAt"]) == (
        "2026-11-20T02:30:00.000Z",
        "2026-12-20T02:30:00.000Z",
    )
    (listed,) = json.loads(get(client, f"{HOUSEHOLDS}/entities").getvalue())
    del version["data"]
    assert listed == entity
    (row,) = table(client, TABLE)["value"]
    assert (row["__id"], row["community"], row["members"]) == (key, COMMUNITY, "1")
    system = row["__system"]
    assert (system["updates"], system["creatorName"]) == (2, "xie")
    (line,) = lines(sheet(client, "households"))
    assert (line["__id"], line["__version"], line["head"]) == (key, "3", "陈大文1")
    foreign = street.foreign_household.pk
    for wrong in (foreign, uuid4(), "x", "%00"):
        assert_central(get(client, f"{HOUSEHOLDS}/entities/{wrong}"), 404.1)


def test_a_merged_household_answers_to_its_old_uuid(street, asking):
    from server.ledgers.models import IdentityKey

    old, now = uuid4(), street.household.pk
    IdentityKey.objects.create(pk=("household", old), entry=now)
    entity = get(asking(), f"{HOUSEHOLDS}/entities/{old}").json()
    assert entity["uuid"] == str(now)


def test_labels_tell_namesakes_apart_without_digits_of_id_numbers(street, asking):
    (row,) = lines(sheet(asking(), "cases"))
    assert row["label"] == "陈大文1 男 1965"
    assert (row["sex"], row["birth_year"], row["room"]) == ("男", "1965", "")
    for client in (asking("worker", area=COMMUNITY), asking("county", area=COMMUNITY)):
        entry = f"{LISTS}/cases/entities/{street.case.pk}"
        answers = [get(client, entry).content.decode(), sheet(client, "cases").getvalue().decode()]
        answers.append(json.dumps(table(client, f"{LISTS}/cases.svc/Entities")))
        for text in answers:
            assert ID_NO[-4:] not in text
            assert ID_NO[10:14] not in text


def test_closed_cases_are_in_no_list(street, asking):
    street.case.state = "9"
    street.case.save()
    client = asking()
    assert table(client, f"{LISTS}/cases.svc/Entities", count="true")["@odata.count"] == 0
    assert_central(get(client, f"{LISTS}/cases/entities/{street.case.pk}"), 404.1)


def test_communities_are_the_callers(street, asking):
    rows = table(asking(), f"{LISTS}/communities.svc/Entities", count="true")
    assert [row["label"] for row in rows["value"]] != []
    assert rows["@odata.count"] == 2
    assert {row["code"][:9] for row in rows["value"]} == {"440106003"}
    (row, _other) = rows["value"]
    path = f"{LISTS}/communities/entities/{row['__id']}"
    entity = get(asking("county", area="44"), path).json()
    assert entity["currentVersion"]["data"]["code"] == row["code"]


def test_pages_hold_each_entry_once_while_others_come(many, street, asking, monkeypatch):
    from server.ledgers.models import Household

    client = asking()
    whole = [row["__id"] for row in table(client, TABLE)["value"]]
    assert whole == sorted(whole)
    monkeypatch.setattr("server.ledgers.entity_lists.listed.BATCH", 4)  # as a longer list is read
    assert [row["__id"] for row in table(client, TABLE)["value"]] == whole
    ids, body = [], table(client, TABLE, top=3, skip=1)
    while True:
        ids += [row["__id"] for row in body["value"]]
        if "@odata.nextLink" not in body:
            break
        Household.objects.filter(pk=ids[0]).update(address="moved")
        query = urlsplit(body["@odata.nextLink"]).query
        body = json.loads(client.get(f"{TABLE}?{query}", secure=True).getvalue())
    assert ids == whole[1:]
    assert table(client, TABLE, top=0, count="true")["@odata.count"] == 8


def test_filter_and_select(contributions, many, street, asking):
    client = asking()

    def count(text: str) -> int:
        return table(client, TABLE, filter=text, count="true", top=1)["@odata.count"]

    assert count("__system/updatedAt gt 2026-12-01") == 1
    assert count("not (__system/updatedAt gt 2026-12-01)") == 7
    assert count(f"$root/Entities/__system/creatorId eq {street.worker.pk}") == 1
    assert count("__system/conflict eq null and __system/createdAt le now()") in (7, 8)
    chosen = table(client, TABLE, select="__id,__system/version,marker_color", top=1)["value"]
    assert set(chosen[0]) == {"__id", "__system", "marker_color"}
    assert chosen[0]["__system"] == {"version": 1}
    assert len(lines(client.get(f"{HOUSEHOLDS}/entities.csv?$filter=__system/creatorId eq 0", secure=True))) == 7  # fmt: skip
    assert_central(get(client, TABLE, filter="address eq 'x'"), 501.5)
    assert_central(get(client, TABLE, select="nothing"), 400.23)
    assert_central(get(client, TABLE, orderby="__system/createdAt"), 501.1)
    for token in ("x", "01W1siYSJdLG51bGxd", "01W10"):
        assert_central(get(client, TABLE, skiptoken=token), 400.35)
    assert_central(client.get(f"{HOUSEHOLDS}/entities?deleted=true", secure=True), 501.1)


def test_an_open_conflict_is_shown(street, asking):
    from server.ledgers.models import LedgerException

    for number, verdict in enumerate(("soft", "hard", "soft"), 100):
        LedgerException.objects.create(
            kind="entity_conflict", family="household", entry=street.household.pk,
            contribution=number, area_code=COMMUNITY, opened_at=AT, detail={"verdict": verdict},
        )  # fmt: skip
    client = asking()
    assert get(client, f"{HOUSEHOLDS}/entities/{street.household.pk}").json()["conflict"] == "hard"
    assert len(table(client, TABLE, filter="__system/conflict eq 'hard'")["value"]) == 1


def test_an_unchanged_list_is_not_sent_again(street, asking):
    from server.ledgers.storage.list_revisions import raise_revisions

    client = asking()
    first = sheet(client, "households")
    assert len(lines(first)) == 1
    tag = first["ETag"]
    for etag in (tag, tag.removeprefix("W/").strip('"'), f'"other", {tag}'):
        again = sheet(client, "households", if_none_match=etag)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    county = sheet(asking("county", area=COMMUNITY), "households")
    assert county["ETag"] != tag  # who sees less holds another list
    raise_revisions([("households", COMMUNITY)])
    assert sheet(client, "households", if_none_match=tag).status_code == 200
    rows = [(row.act, row.object_id, row.facts["rows"]) for row in disclosed()]
    assert rows == [("export", "households", 1)] * 3


def test_service_and_metadata_of_a_list(street, asking):
    client = asking()
    service = table(client, f"{HOUSEHOLDS}.svc")
    assert service["@odata.context"] == f"https://testserver{HOUSEHOLDS}.svc/$metadata"
    assert [item["url"] for item in service["value"]] == ["Entities"]
    root = ElementTree.fromstring(get(client, f"{HOUSEHOLDS}.svc/$metadata").content)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    (kind,) = root.iter(f"{edm}EntityType")
    declared = [item.get("Name") for item in kind.iter(f"{edm}Property")]
    (row,) = table(client, TABLE)["value"]
    assert set(declared) == set(row)
    (system, *_more) = [item for item in root.iter(f"{edm}ComplexType") if item.get("Name") == "metadata"]  # fmt: skip
    assert {item.get("Name") for item in system} == set(row["__system"])
    assert_central(get(client, f"{HOUSEHOLDS}.svc/Submissions"), 404.1)
    old = client.get(TABLE, secure=True, headers={"odata-maxversion": "3.0"})
    assert_central(old, 400.1)


def test_a_list_costs_the_same_for_any_number_of_entries(many, street, asking, statements):
    client = asking()
    counts = set()
    for top in (2, 8):
        statements.clear()
        table(client, TABLE, top=top)
        counts.add(len(statements))
    assert len(counts) == 1
    assert counts.pop() <= 11
