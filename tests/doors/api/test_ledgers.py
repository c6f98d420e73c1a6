"""Lists and entries of the ledgers: what is shown, what is masked, what is withheld."""

from __future__ import annotations

import uuid

import pytest

from tests.conftest import STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.console import ID_NO, PHONE

LISTS = ("persons", "households", "employers", "vacancies", "cases", "visits")


@pytest.mark.parametrize("ledger", LISTS)
def test_a_list_holds_the_rows_of_the_callers_area_and_no_others(street, asking, ledger):
    inside = asking("street").get(f"/api/v1/{ledger}/").json()
    assert inside["count"] == 1
    assert inside["results"][0]["area_code"].startswith(STREET)
    everywhere = asking("county", area="440106").get(f"/api/v1/{ledger}/").json()
    assert everywhere["count"] == 2
    elsewhere = asking("street", area="440200").get(f"/api/v1/{ledger}/").json()
    assert elsewhere["count"] == 0


def test_an_entry_of_another_area_is_not_found(street, asking):
    client = asking("street")
    assert client.get(f"/api/v1/persons/{street.person.pk}/").status_code == 200
    for absent in (street.foreign_person.pk, uuid.uuid4()):
        assert_problem(client.get(f"/api/v1/persons/{absent}/"), "not-found", 404)


def test_sealed_columns_are_masked_and_restricted_ones_withheld(street, asking):
    path = f"/api/v1/persons/{street.person.pk}/"
    response = asking("street").get(path)
    person = response.json()
    assert person["id_no"] == "4499" + "*" * 14
    assert person["birth_date"][4:] == "-01-01"  # the year only
    assert {"id_no", "phone", "birth_date"} <= set(person["masked"])
    assert person["political"] is None
    assert {"political", "disability", "disability_grade"} <= set(person["withheld"])
    assert ID_NO not in response.content.decode()
    assert PHONE not in response.content.decode()


def test_the_restricted_role_shows_restricted_columns(street, asking, make_user):
    from server.accounts.models import RoleGrant, User

    client = asking("street")
    RoleGrant.objects.create(
        user=User.objects.get(username=f"street-{STREET}"), role="restricted", area=STREET
    )
    person = client.get(f"/api/v1/persons/{street.person.pk}/").json()
    assert (person["political"], person["withheld"]) == ("01", [])
    case = client.get(f"/api/v1/cases/{street.case.pk}/").json()
    assert case["category"] == ["B01", "B02"]


def test_restricted_categories_are_left_out_of_a_case(street, asking):
    case = asking("street").get(f"/api/v1/cases/{street.case.pk}/").json()
    assert case["category"] == ["B01"]
    assert "category" in case["withheld"]


def test_a_filter_tells_nothing_that_the_column_does_not(street, asking):
    client = asking("street")
    assert client.get("/api/v1/persons/?political=01").json()["count"] == 0
    assert client.get("/api/v1/cases/?category=B02").json()["count"] == 0
    assert client.get("/api/v1/cases/?category=B01,B02").json()["count"] == 1
    assert client.get("/api/v1/households/?assisted_categories=B02").json()["count"] == 0
    assert client.get("/api/v1/households/?assisted=true").json()["count"] == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("area=440106003000", 1),
        ("area=440106005", 0),
        ("emp_status=20,21", 1),
        ("emp_status=10", 0),
        ("is_4050=true", 1),
        ("is_4050=false", 0),
        ("birth_date_from=1965-01-01&birth_date_to=1965-12-31", 1),
        ("birth_date_from=1966-01-01", 0),
        ("updated_since=2026-11-20T00:00:00Z", 1),
        ("updated_since=2026-11-21T00:00:00Z", 0),
        ("search=大文", 1),
        ("search=大武", 0),
        ("verified_level_from=2", 1),
        ("verified_level_from=3", 0),
    ],
)
def test_persons_are_narrowed_by(street, asking, query, count):
    assert asking("street").get(f"/api/v1/persons/?{query}").json()["count"] == count


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("emp_statsu=10", "#/emp_statsu"),
        ("is_4050=maybe", "#/is_4050"),
        ("birth_date_from=yesterday", "#/birth_date_from"),
        ("ordering=id_no", "#/ordering"),
        ("page_size=0", "#/page_size"),
        ("page=7", "#/page"),
        ("household=17", "#/household"),
    ],
)
def test_a_faulty_query_is_refused_by_name(street, asking, query, pointer):
    body = assert_problem(asking("street").get(f"/api/v1/persons/?{query}"), "invalid-query", 400)
    assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_an_entry_is_found_under_the_id_it_had_before_it_was_merged(street, asking):
    from server.ledgers.models import IdentityKey

    old = uuid.uuid4()
    IdentityKey.objects.create(key=old, family="person", entry=street.person.pk)
    assert asking("street").get(f"/api/v1/persons/{old}/").json()["id"] == str(street.person.pk)


def test_a_household_shows_its_members(street, asking):
    household = asking("street").get(f"/api/v1/households/{street.household.pk}/").json()
    (member,) = household["members"]
    assert member["person"] == str(street.person.pk)
    assert (member["name"], member["relation"], member["role"]) == ("陈大文1", "0", "hukou")


def test_a_row_names_its_source(street, asking):
    (household,) = asking("street").get("/api/v1/households/").json()["results"]
    assert household["source"] == {"form": "household_survey", "instance_id": "uuid:1"}
    assert household["recorded_by"] == "xie"


def test_rows_with_a_place_come_as_geojson(street, asking):
    client = asking("street")
    by_format = client.get("/api/v1/households/?format=geojson")
    assert by_format["Content-Type"].startswith("application/geo+json")
    accepted = client.get("/api/v1/households/", headers={"accept": "application/geo+json"})
    assert by_format.json()["features"] == accepted.json()["features"]
    (feature,) = by_format.json()["features"]
    assert feature["id"] == str(street.household.pk)
    assert feature["geometry"] == {"type": "Point", "coordinates": [113.355, 23.125]}
    assert feature["properties"]["address"] == "棠荫路1号"
    single = client.get(f"/api/v1/households/{street.household.pk}/?format=geojson").json()
    assert single["type"] == "Feature"


def test_rows_without_a_place_do_not(street, asking):
    client = asking("street")
    assert_problem(client.get("/api/v1/persons/?format=geojson"), "not-acceptable", 406)
    refused = client.get("/api/v1/persons/", headers={"accept": "application/geo+json"})
    assert_problem(refused, "not-acceptable", 406)


@pytest.mark.parametrize(("box", "count"), [("113.3,23.1,113.4,23.2", 1), ("113,22,113.1,22.1", 0)])
def test_rows_are_found_by_their_place(street, asking, box, count):
    client = asking("street")
    assert client.get(f"/api/v1/employers/?in_bbox={box}").json()["count"] == count
    assert_problem(client.get("/api/v1/employers/?in_bbox=1,2,3"), "invalid-query", 400)


def test_the_cursor_walks_the_whole_list_once(street, asking):
    from server.ledgers.models import Person
    from tests.factories.console import entry

    Person.objects.bulk_create(Person(**entry("440106003001", name=f"示例{n}")) for n in range(7))
    client, ids, address = asking("street"), [], "/api/v1/persons/?cursor=&page_size=3"
    while address:
        page = client.get(address).json()
        ids += [row["id"] for row in page["results"]]
        address = page["next"]
    assert len(ids) == len(set(ids)) == 8
    assert "count" not in page


def test_numbered_pages_end_at_a_bound_and_point_to_the_cursor(street, asking, monkeypatch):
    from server.core import paging
    from server.ledgers.models import Person
    from tests.factories.console import entry

    monkeypatch.setattr(paging, "COUNTED", 4)
    client = asking("street")
    Person.objects.bulk_create(Person(**entry("440106003001", name=f"示例{n}")) for n in range(3))
    whole = client.get("/api/v1/persons/?page_size=2&page=2").json()
    assert (whole["count"], whole["is_counted"], whole["next"]) == (4, True, None)
    Person.objects.create(**entry("440106003001", name="示例"))
    last = client.get("/api/v1/persons/?page_size=2&page=2").json()
    assert (last["count"], last["is_counted"], last["next"]) == (4, False, None)
    assert len(last["results"]) == 2
    beyond = client.get("/api/v1/persons/?page_size=2&page=3")
    (error,) = assert_problem(beyond, "invalid-query", 400)["errors"]
    assert (error["pointer"], error["code"]) == ("#/page", "too_far")
    assert "?cursor=" in error["detail"]
    walked = client.get("/api/v1/persons/?page_size=5&cursor=").json()
    assert len(walked["results"]) == 5


def test_pages_are_numbered_and_ordered(street, asking):
    client = asking("county", area="440106")
    names = [
        client.get(f"/api/v1/persons/?ordering=-name&page_size=1&page={page}").json()["results"][0][
            "name"
        ]
        for page in (1, 2)
    ]
    assert names == ["陈大文2", "陈大文1"]
