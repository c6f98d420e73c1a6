import uuid
from datetime import timedelta

import mapbox_vector_tile
import pytest
from django.contrib.gis.geos import Point

from server.accounts.access import access_of
from server.accounts.models import RoleGrant
from server.core import clock
from server.geo.problems import NoSuchTile
from server.ledgers.filters import HouseholdFilters
from server.ledgers.models import AssistanceCase, Household, Person
from server.ledgers.reading.tiles import FEW, assisted_tile
from server.ledgers.selectors import households
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET

pytestmark = pytest.mark.django_db

STREET_LEVEL = (15, 26701, 14219)  # holds CENTRE
DISTRICT = (12, 3337, 1777)  # holds CENTRE and much around it
CENTRE = (113.355, 23.125)


def entry(**columns):
    return {"observed_at": clock.now(), "verified_level": 2, "id": uuid.uuid4(), **columns}


def household(categories=("B01",), *, area=COMMUNITY, at=CENTRE, address="棠荫路1号", **columns):
    return Household.objects.create(
        **entry(
            area_code=area,
            loc=Point(*at, srid=4326),
            address=address,
            hh_no="0001",
            assisted_categories=list(categories),
            **columns,
        )
    )


def layers(tile: bytes) -> dict[str, list[dict]]:
    return {
        name: [feature["properties"] for feature in layer["features"]]
        for name, layer in mapbox_vector_tile.decode(tile).items()
    }


@pytest.fixture
def street_access(divisions, make_user):
    return access_of(make_user("wang", role="street", area=STREET))


def test_a_household_is_a_point_with_what_the_map_needs_and_no_more(street_access, statements):
    shown = household(["B01", "B07"], room="101", access_note="狗")
    household([])
    statements.clear()
    tile = assisted_tile(street_access, *STREET_LEVEL)
    assert len(statements) == 1
    assert layers(tile) == {
        "households": [
            {
                "id": str(shown.id),
                "hh_no": "0001",
                "address": "棠荫路1号",
                "categories": "B01,B07",
                "due": "none",
            }
        ]
    }


def test_the_earliest_open_case_says_when_a_visit_is_due(street_access):
    today = clock.today()
    due = {}
    for name, days in (("overdue", -1), ("due", 0), ("soon", 7), ("later", 8)):
        home = household()
        due[str(home.id)] = name
        member = Person.objects.create(**entry(household=home, name="某人"))
        for state, next_due in (
            ("6", today + timedelta(days)),
            ("6", today + timedelta(60)),
            ("9", today - timedelta(400)),
        ):
            AssistanceCase.objects.create(
                **entry(subject_person=member, state=state, next_due=next_due)
            )
    of_household = household()
    AssistanceCase.objects.create(
        **entry(subject_household=of_household, state="5", next_due=today - timedelta(3))
    )
    due[str(of_household.id)] = "overdue"
    (points,) = layers(assisted_tile(street_access, *STREET_LEVEL)).values()
    assert {point["id"]: point["due"] for point in points} == due


def test_only_the_users_areas_are_on_the_map(make_user, divisions):
    mine, neighbours, next_street = (
        str(household(area=area).id)
        for area in (COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY)
    )

    def shown_to(role, area):
        access = access_of(make_user(f"{role}{area}", role=role, area=area))
        return {p["id"] for p in layers(assisted_tile(access, *DISTRICT)).get("households", [])}

    assert shown_to("worker", COMMUNITY) == {mine}
    assert shown_to("street", STREET) == {mine, neighbours}
    assert shown_to("county", "440106") == {mine, neighbours, next_street}
    assert shown_to("administrator", "") == {mine, neighbours, next_street}
    assert shown_to("restricted", STREET) == set()
    assert shown_to("street", "440305") == set()


def test_restricted_categories_need_the_restricted_role_of_that_area(make_user, divisions):
    released = household(["B09"])
    both = household(["B01", "B02"])
    elsewhere = household(["B10"], area=OTHER_COMMUNITY)
    user = make_user("wang", role="street", area=STREET)

    def categories_shown(**filters):
        tile = layers(assisted_tile(access_of(user), *DISTRICT, **filters))
        return {p["id"]: p["categories"] for p in tile.get("households", [])}

    assert categories_shown() == {str(both.id): "B01"}
    assert categories_shown(categories=["B02", "B09"]) == {}

    RoleGrant.objects.create(user=user, role="restricted", area=COMMUNITY)
    assert categories_shown() == {str(both.id): "B01,B02", str(released.id): "B09"}
    assert categories_shown(categories=["B02"]) == {str(both.id): "B01,B02"}
    assert categories_shown(categories=["B10"]) == {}

    RoleGrant.objects.create(user=user, role="restricted", area=STREET)
    assert str(elsewhere.id) in categories_shown()


def test_the_map_is_filtered_by_category_and_searched_by_address_or_name(street_access):
    old = household(["B01"], address="棠荫路100%号")
    poor = household(["B03"], address="荔苑街2号")
    Person.objects.create(**entry(household=poor, name="欧阳示范", area_code=COMMUNITY))

    def matching(**filters):
        (points,) = layers(assisted_tile(street_access, *DISTRICT, **filters)).values() or [[]]
        return {point["id"] for point in points}

    both = {str(old.id), str(poor.id)}
    assert matching() == matching(categories=["B01", "B03"]) == matching(q="  ") == both
    assert (
        matching(categories=["B03"]) == matching(q="荔苑") == matching(q="欧阳") == {str(poor.id)}
    )
    assert matching(q="100%") == {str(old.id)}
    assert assisted_tile(street_access, *DISTRICT, q="_") == b""
    assert assisted_tile(street_access, *DISTRICT, q="'; drop table x; --") == b""


def test_many_households_are_clustered_and_each_is_counted_once(street_access):
    Household.objects.bulk_create(
        Household(
            **entry(
                area_code=COMMUNITY,
                loc=Point(113.33 + i * 0.00008, 23.11 + (i % 37) * 0.0004, srid=4326),
                assisted_categories=["B01", "B03"],
            )
        )
        for i in range(FEW + 201)
    )
    z, x, y = DISTRICT
    clusters = layers(assisted_tile(street_access, z, x, y))
    assert set(clusters) == {"clusters"}
    assert 1 < len(clusters["clusters"]) <= 64
    assert sum(c["point_count"] for c in clusters["clusters"]) == FEW + 201
    assert sum(c["categories"] for c in clusters["clusters"]) == 2 * (FEW + 201)

    def count(z, x, y):
        tile = layers(assisted_tile(street_access, z, x, y))
        assert len(tile) <= 1
        return sum(c["point_count"] for c in tile.get("clusters", [])) + len(
            tile.get("households", [])
        )

    children = [(z + 1, 2 * x + right, 2 * y + down) for right in (0, 1) for down in (0, 1)]
    assert sum(count(*child) for child in children) == FEW + 201


def test_a_point_on_the_seam_belongs_to_one_tile(street_access):
    household(at=(0.0, 0.0))
    drawn = [assisted_tile(street_access, 1, x, y) != b"" for x in (0, 1) for y in (0, 1)]
    assert sum(drawn) == 1


def test_tiles_outside_the_map_do_not_exist(street_access):
    with pytest.raises(NoSuchTile):
        assisted_tile(street_access, 3, 8, 0)


def test_a_tile_is_narrowed_to_a_division_a_worker_and_due_days(street_access, make_user):
    """As the list of households: with a case due then, or of the worker, in that division."""
    worker = make_user("xie", role="worker", area=STREET)
    days = {"逾期": -1, "今天": 0, "七天": 7, "八天": 8}
    today = clock.today()
    for name, number in days.items():
        home = household(address=name, area=OTHER_COMMUNITY if name == "八天" else COMMUNITY)
        person = Person.objects.create(**entry(area_code=home.area_code, name=name, household=home))
        of_home = {"subject_household": home} if name == "今天" else {"subject_person": person}
        AssistanceCase.objects.create(
            **entry(
                area_code=home.area_code,
                next_due=today + timedelta(days=number),
                linked_worker=worker if name in ("今天", "八天") else None,
                state="6",
                **of_home,
            )
        )

    def shown(**narrowed) -> set[str]:
        tile = layers(assisted_tile(street_access, *STREET_LEVEL, **narrowed))
        return {row["address"] for row in tile.get("households", [])}

    def listed(**query: str) -> set[str]:
        rows = HouseholdFilters(query, households(street_access), access=street_access).qs
        return {row.address for row in rows}

    assert listed(case_worker=f"{worker.pk}") == {"今天", "八天"}
    assert listed(case_worker=f"{worker.pk}", due="week") == {"今天"}
    assert shown() == set(days)
    assert shown(due="overdue") == {"逾期"}
    assert shown(due="today") == {"今天"}
    assert shown(due="week") == {"逾期", "今天", "七天"}
    assert shown(due="never") == set(days)
    assert shown(worker=worker.pk) == {"今天", "八天"}
    assert shown(worker=worker.pk, due="week") == {"今天"}
    assert shown(area=OTHER_COMMUNITY) == {"八天"}
    assert shown(area=STREET) == shown(area="440106000000") == shown(area="x") == set(days)
    assert shown(area=OTHER_STREET_COMMUNITY) == set()
    AssistanceCase.objects.update(state="9")
    assert shown(due="week") == set()
