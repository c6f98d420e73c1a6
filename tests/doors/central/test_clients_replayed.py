"""/v1: what ruODK, Power BI and QGIS ask for, request by request, with their headers.

Sources: ruODK's functions (ropensci/ruODK, R/*.R); OData.Feed of Power Query (Microsoft's OData client, 4.0);
GDAL's GeoJSON driver, by which QGIS opens such addresses.
"""

from __future__ import annotations

import base64
import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.contrib.gis.gdal import DataSource
from django.test import Client

from tests.doors.central.client import PASSWORD
from tests.factories.edm import faults_of, types_of
from tests.factories.field import Field, field_of
from tests.factories.permits import permitted
from tests.samples.given import RECORD, XFORM

pytestmark = pytest.mark.django_db
PROJECT = "/v1/projects/1"
GARDEN = f"{PROJECT}/forms/garden"
FIRST = "uuid:11111111-0000-4000-8000-000000000001"
XML = "application/xml"
ENTITY = "22222222-0000-4000-8000-000000000001"
POWER_BI = {
    "accept": "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
    "odata-maxversion": "4.0",
    "maxdataserviceversion": "3.0",
    "prefer": "odata.include-annotations=\"*\"",
    "user-agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
}  # fmt: skip


@pytest.fixture
def garden(settings, phone, asking) -> Field:
    """A form with a point, a photo and a repeat, and three records of it; numbers are open by a permit."""
    settings.RUHU_VALIDATE_JAVA = ""
    people = field_of(asking, phone)
    assert people.publish(XFORM, {"map.png": b"p"}).status_code == 201
    for number in (1, 2, 3):
        document = RECORD.replace(
            b"000000000001</instanceID", b"00000000000%d</instanceID" % number
        )
        people.taken(document.replace(b'1" create', b'%d" create' % number), {"p.jpg": b"photo"})
    return people


@pytest.fixture
def basic(garden: Field, make_user) -> Client:
    """Basic unasked over https, as an administrator who may see answers whole."""
    make_user("reader", role="administrator", area="")
    permitted("reader", "garden")
    known = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()
    return Client(headers={"authorization": f"Basic {known}"})


def asked(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    answer = client.get(path, secure=True, headers={key.replace("_", "-"): text for key, text in headers.items()})  # fmt: skip
    assert answer.status_code == status, (path, answer.status_code, answer.content)
    return answer


def sent(client: Client, method: str, path: str, body: Any) -> Any:
    answer = getattr(client, method)(
        path, json.dumps(body), content_type="application/json", secure=True,
        headers={"accept": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 200, (path, answer.content)
    return answer.json()


def read(answer: Any) -> Any:
    return json.loads(answer.getvalue())


def test_ruodk_reads_projects_forms_and_submissions(basic: Client) -> None:
    """project_list, project_detail, form_list, form_detail, form_xml, form_schema, submission_list, _detail, _get, attachment_*."""
    extended = {"accept": XML, "x-extended-metadata": "true"}
    (project,) = asked(basic, "/v1/projects", **extended).json()
    assert asked(basic, PROJECT, **extended).json()["id"] == project["id"] == 1
    assert project["forms"] >= 1
    forms = asked(basic, f"{PROJECT}/forms", **extended).json()
    assert {"garden"} <= {form["xmlFormId"] for form in forms}
    assert asked(basic, GARDEN, **extended).json()["submissions"] == 3
    assert asked(basic, f"{GARDEN}.xml", accept=XML).getvalue() == XFORM
    for logical in ("FALSE", "TRUE"):  # as R writes them
        fields = asked(basic, f"{GARDEN}/fields?flatten={logical}&odata={logical}").json()
        kinds = {field["path"]: field["type"] for field in fields}
        assert (kinds["/at/place"], kinds["/at/photo"], kinds["/plants"]) == (
            "geopoint", "binary", "repeat",
        )  # fmt: skip
    listed = read(asked(basic, f"{GARDEN}/submissions", **extended))
    assert len(listed) == 3
    for about in listed:
        path = f"{GARDEN}/submissions/{about['instanceId']}"
        detail = asked(basic, path, accept="application/json; extended").json()
        assert detail["instanceId"] == about["instanceId"]
        root = ElementTree.fromstring(asked(basic, f"{path}.xml", accept=XML).getvalue())
        assert root.findtext("owner") == "Li"
        (file,) = asked(basic, f"{path}/attachments", **extended).json()
        assert file == {"name": "p.jpg", "exists": True}
        assert asked(basic, f"{path}/attachments/p.jpg").getvalue() == b"photo"
        for part in ("comments", "audits", "versions", "diffs"):
            asked(basic, f"{path}/{part}", accept=XML)
    asked(basic, "/v1/users", accept=XML)
    assert asked(basic, "/v1/audits", 501, accept=XML).json()["code"] == 501.1  # audit_get


def test_ruodk_reads_odata_and_exports(basic: Client) -> None:
    """odata_service_get, odata_metadata_get, odata_submission_get, odata_entitylist_*, submission_export."""
    service = read(asked(basic, f"{GARDEN}.svc", accept="application/json"))
    assert [table["name"] for table in service["value"]] == ["Submissions", "Submissions.plants"]
    asked(basic, f"{GARDEN}.svc/$metadata", accept=XML)
    for query in (
        "$skip=&$top=&$count=false&$wkt=false",
        "$skip=&$top=&$count=true&$wkt=true&$filter=&$expand=",
        "$skip=1&$top=1&$count=true&$wkt=false&$expand=*",
        "$count=true&$filter=year(__system/submissionDate) ge 2020",
    ):
        for table in ("Submissions", "Submissions.plants"):
            if table != "Submissions" and "expand=*" in query:
                continue
            whole = read(asked(basic, f"{GARDEN}.svc/{table}?{query}", accept="application/json"))
            assert whole["value"]
            if "count=true" in query:
                assert whole["@odata.count"] == {"Submissions": 3}.get(table, 6)
    assert asked(basic, f"{GARDEN}/submissions/keys").json() == []
    for end in (".csv.zip", ".csv.zip?attachments=false", ".csv"):
        answer = basic.post(f"{GARDEN}/submissions{end}", secure=True)
        assert answer.status_code == 200
        content = answer.getvalue()
        if "zip" in end:
            names = set(zipfile.ZipFile(BytesIO(content)).namelist())
            assert {"garden.csv", "garden-plants.csv"} <= names
            assert any(name.startswith("media/") for name in names) == ("false" not in end)
        else:
            assert content.count(b"\n") == 4


def test_ruodk_reads_and_changes_entity_lists(basic: Client) -> None:
    """entitylist_list, _detail, _download, entity_list, _detail, _create, _update, _changes, _versions, _audits, _delete, _bulk_*."""
    gardens = f"{PROJECT}/datasets/gardens"
    assert "gardens" in {about["name"] for about in asked(basic, f"{PROJECT}/datasets").json()}
    assert asked(basic, gardens).json()["properties"]
    sheet = asked(basic, f"{gardens}/entities.csv", accept="text/csv; charset=utf-8")
    etag = sheet["ETag"].strip('"')
    asked(basic, f"{gardens}/entities.csv", 304, if_none_match=etag)
    read(asked(basic, f"{gardens}.svc/Entities?$count=true"))
    assert len(read(asked(basic, f"{gardens}/entities"))) == 3
    made = sent(basic, "post", f"{gardens}/entities", {"label": "New", "data": {"owner": "Wu"}})
    one = f"{gardens}/entities/{made['uuid']}"
    changed = {"label": "Newer", "data": {"owner": "Ng"}}
    assert sent(basic, "patch", f"{one}?baseVersion=1", changed)["currentVersion"]["version"] == 2
    sent(basic, "patch", f"{one}?force=TRUE&resolve=FALSE", changed)
    for part in ("", "/versions", "/diffs", "/audits"):
        asked(basic, f"{one}{part}")
    ids = {"ids": [made["uuid"], ENTITY]}
    assert sent(basic, "post", f"{gardens}/entities/bulk-delete", ids)["count"] == 2
    assert sent(basic, "post", f"{gardens}/entities/bulk-restore", ids)["count"] == 2
    assert sent(basic, "delete", one, {}) == {"success": True}


def test_power_bi_reads_a_feed_page_by_page(garden: Field, basic: Client) -> None:
    """OData.Feed: anonymous first, then Basic; service, metadata, the navigator's preview, columns, then all rows by links."""
    path = f"{GARDEN}.svc"
    assert Client().get(path, secure=True, headers=POWER_BI).status_code == 401
    service = asked(basic, path, **POWER_BI)
    assert service["OData-Version"] == "4.0"
    assert "json" in service["Content-Type"]
    metadata = asked(basic, f"{path}/$metadata", **{**POWER_BI, "accept": "application/xml"})
    declared = types_of(metadata.content)["Submissions"]
    preview = read(asked(basic, f"{path}/Submissions?$top=1000", **POWER_BI))
    assert preview["@odata.context"].endswith("$metadata#Submissions")
    assert len(preview["value"]) == 3
    for row in preview["value"]:
        for name in ("__id", "owner", "body", "kind"):
            assert faults_of(row[name], declared[name]) == []
    chosen = read(asked(basic, f"{path}/Submissions?$select=__id,owner&$top=2&$count=true", **POWER_BI))  # fmt: skip
    assert [set(row) for row in chosen["value"]] == [{"__id", "owner"}] * 2
    since = "$filter=__system/submissionDate ge 2020-01-01T00:00:00Z and __system/submissionDate lt 2090-01-01T00:00:00Z"
    assert len(read(asked(basic, f"{path}/Submissions?{since}", **POWER_BI))["value"]) == 3
    ids: list[str] = []
    link = f"{path}/Submissions.plants?$top=2"
    while link:
        page = read(asked(basic, link, **POWER_BI))
        ids += [row["__id"] for row in page["value"]]
        following = urlsplit(page.get("@odata.nextLink", ""))
        link = f"{following.path}?{following.query}" if following.path else ""
    assert len(ids) == len(set(ids)) == 6
    assert asked(basic, f"{path}/Submissions?$apply=aggregate($count as n)", 501).json()["code"] == 501.1  # fmt: skip


def test_gdal_opens_the_geojson_address(basic: Client, tmp_path: Path) -> None:
    """What QGIS makes of it: a layer with points in longitude and latitude."""
    place = tmp_path / "layer.geojson"
    place.write_bytes(asked(basic, f"{GARDEN}/submissions.geojson").getvalue())
    (layer,) = DataSource(place)
    assert layer.srs.srid in (4326, 4979), "WGS 84, as GDAL calls it with or without heights"
    assert [feature.geom.coords[:2] for feature in layer] == [(113.3, 23.1)] * 3
