"""Whole lists of ledgers as files at REST: the rows, columns and masks of the JSON lists."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.contrib.gis.gdal import DataSource
from django.contrib.gis.gdal.field import OFTDate, OFTInteger64
from django.test import Client
from pyarrow import parquet

from server.accounts.models import RoleGrant
from server.accounts.passwords import log_in as known
from server.api import ledger_files
from server.audit.models import Act, AuditEntry
from server.core import clock
from server.core.plain import dumps
from server.disclosure.models import ExportPermit
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.models import Household
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.declared import make_declared
from tests.factories.ledger_lines import make_hostile, written_row_by_row

pytestmark = pytest.mark.django_db


def lines_of(response):
    assert response.status_code == 200, response.content
    text = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("ledger", DEFINITIONS)
def test_a_csv_file_holds_what_the_json_list_shows(street, asking, ledger):
    make_declared(street.person.area_code, person=street.person, employer=street.employer)
    client, path = asking(), f"/api/v1/{DEFINITIONS[ledger].path}/"
    shown = client.get(path, {"page_size": 1000}).json()["results"]
    lines = lines_of(client.get(path, {"format": "csv"}))
    assert [line["id"] for line in lines] == sorted(row["id"] for row in shown)
    by_id = {row["id"]: row for row in shown}
    for line in lines:
        for name, text in line.items():
            value = by_id[line["id"]][name]
            if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
                assert text.lstrip("'") == ("" if value is None else str(value)).lstrip("'"), name
    assert AuditEntry.objects.filter(act=Act.EXPORT).count() == 1


def test_filters_narrow_the_file_and_bad_ones_are_refused(street, asking):
    client = asking()
    assert lines_of(client.get("/api/v1/persons/", {"format": "csv", "sex": "2"})) == []
    answer = client.get("/api/v1/persons/", {"format": "csv", "sexx": "2"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_an_excel_file_has_the_same_rows_under_a_head(street, asking):
    client = asking()
    answer = client.get("/api/v1/persons/", {"format": "xlsx"})
    rows = list(
        openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True)
    )
    csv_rows = lines_of(client.get("/api/v1/persons/", {"format": "csv"}))
    assert list(rows[0]) == list(csv_rows[0])
    assert len(rows) == 1 + len(csv_rows)
    empty = client.get("/api/v1/persons/", {"format": "xlsx", "sex": "2"})
    assert openpyxl.load_workbook(io.BytesIO(b"".join(empty))).active.max_row == 1


def test_a_browser_session_gets_no_file_by_a_link(street, log_in):
    client = log_in("street", STREET)
    assert client.get("/api/v1/persons/", {"format": "csv"}).status_code == 403


def test_a_text_that_would_run_is_made_text(street, asking):
    type(street.person).objects.filter(pk=street.person.pk).update(name="=1+1")
    (line,) = lines_of(asking().get("/api/v1/persons/", {"format": "csv"}))
    assert line["name"] == "'=1+1"


def test_the_file_is_read_in_few_statements(street, asking, django_assert_max_num_queries):
    client = asking()
    with django_assert_max_num_queries(12):
        lines_of(client.get("/api/v1/persons/", {"format": "csv"}))


def cells_apart(given, expected):
    """The cells in which two files differ, for whoever reads why the test failed."""
    lines = [csv.DictReader(io.StringIO(text, newline="")) for text in (given, expected)]
    return [
        (name, here[name], there[name])
        for here, there in zip(*lines, strict=True)
        for name in there
        if here[name] != there[name]
    ]


READERS = {
    "a street": (STREET, "", ""),
    "a street with a permit": (STREET, "", STREET),
    "restricted in one community": (STREET, COMMUNITY, ""),
    "restricted in one community, with a permit in another": (STREET, COMMUNITY, OTHER_COMMUNITY),
    "all there is": ("", STREET, OTHER_COMMUNITY),
    "a community": (OTHER_COMMUNITY, "", ""),
}
"""Area of the street's role, of the restricted role, of export permits."""


@pytest.mark.parametrize("reader", READERS)
def test_a_file_by_copy_is_that_of_the_rows_one_by_one(street, make_user, monkeypatch, reader):
    monkeypatch.setattr(ledger_files, "_FIRST", 7)  # several batches
    monkeypatch.setattr(ledger_files, "_BATCH", 30)
    area, restricted, whole = READERS[reader]
    users = [make_user(name, role="worker", area=COMMUNITY) for name in ("li", "@sum", "陈-1")]
    users.append(make_user("afar", role="worker", area=OTHER_STREET_COMMUNITY))
    make_declared(street.person.area_code, person=street.person, employer=street.employer)
    areas = [COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY]
    user = make_user("reader", area=area)
    if restricted:
        RoleGrant.objects.create(user=user, role="restricted", area=restricted)
    for ledger in DEFINITIONS:
        if whole:
            ExportPermit.objects.create(
                user=user, kind="ledger", name=ledger, area_code=whole, reason="look", rows=1,
                requested_at=clock.now(), expires_at=clock.now() + timedelta(days=1),
                needs_consent=False,
            )  # fmt: skip
        make_hostile(ledger, areas, users, n=20, seed=len(reader))
    known("reader", "correct horse", address="127.0.0.1")
    proof = base64.b64encode(b"reader:correct horse").decode()
    client = Client(headers={"authorization": f"Basic {proof}"})
    for ledger, definition in DEFINITIONS.items():
        answer = client.get(f"/api/v1/{definition.path}/", {"format": "csv"})
        given, expected = b"".join(answer).decode(), written_row_by_row(user, ledger)
        assert cells_apart(given, expected) == [], ledger
        assert given == expected, ledger


def test_the_head_comes_before_any_row_is_read(street, asking, django_assert_num_queries):
    parts = iter(asking().get("/api/v1/persons/", {"format": "csv"}))
    with django_assert_num_queries(0):
        assert next(parts).startswith("\ufeffid,area_code,".encode())
    assert str(street.person.pk).encode() in b"".join(parts)


def plain(value):
    """A value of a Parquet file, or of JSON, so that both can be compared: an empty text or list is none."""
    match value:
        case datetime():
            return value.astimezone(UTC)
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT.*\+08:00", value):
            return datetime.fromisoformat(value).astimezone(UTC)
        case Decimal() | date():
            return str(value)
        case bytes():
            return dumps({"type": "Point", "coordinates": struct.unpack("<BIdd", value)[2:]})
        case dict():
            return dumps(value)
        case "" | []:
            return None
    return value


def test_a_parquet_file_holds_the_values_of_the_json_list_by_their_types(street, asking):
    make_declared(street.person.area_code, person=street.person, employer=street.employer)
    client = asking()
    for definition in DEFINITIONS.values():
        path = f"/api/v1/{definition.path}/"
        shown = client.get(path, {"page_size": 1000}).json()["results"]
        file = b"".join(client.get(path, {"format": "parquet"}))
        table = parquet.read_table(io.BytesIO(file))
        rows = {row["id"]: row for row in table.to_pylist()}
        assert len(rows) == len(shown)
        for row in shown:
            for name, value in rows[row["id"]].items():
                assert plain(value) == plain(row[name]), (definition.path, name)
        metadata = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
        assert metadata.get("primary_column", "") == definition.place
    make_hostile("household", [COMMUNITY], [], n=40, seed=5)
    file = b"".join(client.get("/api/v1/households/", {"format": "parquet"}))
    here = Household.objects.filter(area_code__startswith=STREET)
    assert parquet.read_table(io.BytesIO(file)).num_rows == here.count()


def test_a_geopackage_is_opened_by_gdal(street, asking, tmp_path):
    make_hostile("household", [COMMUNITY], [], n=20, seed=3)
    client = asking()
    path = tmp_path / "households.gpkg"
    path.write_bytes(b"".join(client.get("/api/v1/households/", {"format": "gpkg"})))
    lines = {
        line["id"]: line for line in lines_of(client.get("/api/v1/households/", {"format": "csv"}))
    }
    (layer,) = DataSource(path)
    assert (layer.name, layer.srs.srid, layer.num_feat) == ("households", 4326, len(lines))
    types = dict(zip(layer.fields, layer.field_types, strict=True))
    assert (types["n_members"], types["last_confirmed_on"]) == (OFTInteger64, OFTDate)
    for feature in layer:
        line = lines[feature.get("id")]
        assert (feature.get("kind") or "") == line["kind"].removeprefix("'")
        if line["loc"]:
            assert list(feature.geom.coords) == json.loads(line["loc"])["coordinates"]


def test_only_ledgers_with_a_place_are_geopackages(street, asking):
    assert asking().get("/api/v1/persons/", {"format": "gpkg"}).status_code == 406
