"""Looks behind the mask, and where values came from."""

from __future__ import annotations

from tests.doors.api.conftest import assert_problem
from tests.factories.audit import disclosed
from tests.factories.console import ID_NO, PHONE

JSON = "application/json"


def test_a_reveal_takes_a_role_and_a_reason_and_is_recorded(street, asking):
    path = f"/api/v1/persons/{street.person.pk}/reveal/"
    body = {"columns": ["id_no", "phone"], "reason": "核对身份"}
    county = asking("county", area="440106")
    assert_problem(county.post(path, body, JSON), "ledger-act-not-allowed", 403)
    client = asking("street")
    missing = assert_problem(client.post(path, {"columns": []}, JSON), "invalid-request", 400)
    assert {error["pointer"] for error in missing["errors"]} == {"#/columns", "#/reason"}
    assert not disclosed()
    assert client.post(path, body, JSON).json() == {"id_no": ID_NO, "phone": PHONE}
    (record,) = disclosed()
    assert (record.act, record.facts["columns"], record.reason) == (
        "reveal",
        ["id_no", "phone"],
        "核对身份",
    )


def test_only_sealed_columns_of_ones_own_area_are_revealed(street, asking):
    client = asking("street")
    body = {"columns": ["sex"], "reason": "核对身份"}
    path = f"/api/v1/persons/{street.person.pk}/reveal/"
    assert_problem(client.post(path, body, JSON), "column-not-correctable", 422)
    foreign = f"/api/v1/persons/{street.foreign_person.pk}/reveal/"
    assert_problem(client.post(foreign, body, JSON), "not-found", 404)


def test_each_value_names_its_origin(street, asking):
    from server.ledgers.models import ContributionRow

    version = street.submission.current_version
    for n, path in ((1, "/data/members[1]"), (2, "/data/members[2]")):
        ContributionRow.objects.create(
            id=version.pk * 65536 + n,
            family="person",
            entry=street.person.pk,
            keys=[street.person.pk],
            submission=street.submission,
            form_version=version.form_version,
            path=path,
            observed_at=version.received_at,
            received_at=version.received_at,
            instance_id=version.instance_id,
            worker=street.worker,
            level=2,
            values={},
        )
    street.person.origins = {
        str(version.pk * 65536 + 1): ["name", "political"],
        str(version.pk * 65536 + 2): ["id_no"],
    }
    street.person.save()
    client = asking("street")
    rows = client.get(f"/api/v1/persons/{street.person.pk}/origins/").json()
    origins = {row["column"]: row for row in rows}
    assert set(origins) == {"name", "id_no"}
    assert origins["name"]["instance_id"] == "uuid:1"
    assert origins["name"]["path"] == "/data/members[1]/name"
    assert origins["name"]["question"] == "Name"
    assert (origins["id_no"]["rule"], origins["id_no"]["verified_level"]) == ("M5", 2)
    foreign = client.get(f"/api/v1/persons/{street.foreign_person.pk}/origins/")
    assert_problem(foreign, "not-found", 404)


def test_a_person_is_found_by_the_id_number_however_it_is_written(street, asking):
    from server.core.sealing import search_hash

    for person in (street.person, street.foreign_person):
        person.id_no_hash = search_hash(ID_NO, "id_no")
        person.phone_hash = search_hash(PHONE, "phone")
        person.save()
    client = asking("street")

    def find(column: str, value: str):
        body = {"column": column, "value": value, "reason": "来电核对身份"}
        return client.post("/api/v1/persons/find/", body, JSON)

    for column, value in (("id_no", ID_NO), ("id_no", " 44990119650101018ｘ "), ("phone", PHONE)):
        (row,) = find(column, value).json()
        assert row["id"] == str(street.person.pk)
        assert row["id_no"] == "4499" + "*" * 14
    assert find("id_no", "449901196501010016").json() == []
    assert_problem(find("name", "陈大文1"), "column-not-searchable", 422)
