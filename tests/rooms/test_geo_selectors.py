from datetime import date

import mapbox_vector_tile
import pytest

from server.accounts.access import access_of
from server.geo import selectors
from server.geo.problems import NoSuchTile
from server.geo.services import import_divisions
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET

pytestmark = pytest.mark.django_db


def square(west, south, side=0.01):
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def division(code, name, geometry, **properties):
    properties = {"code": code, "name": name, "name_en": code[-3:], **properties}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.fixture
def outlined(divisions):
    """Two communities side by side in one street, a third in the next street."""
    import_divisions(
        {
            "type": "FeatureCollection",
            "features": [
                division(STREET, "石牌街道", square(113.35, 23.12, 0.02)),
                division(COMMUNITY, "示范一社区", square(113.35, 23.12)),
                division(OTHER_COMMUNITY, "示范二社区", square(113.36, 23.12)),
                division(OTHER_STREET_COMMUNITY, "邻街社区", square(113.40, 23.12)),
            ],
        }
    )


def test_points_are_located_all_in_one_query(outlined, django_assert_num_queries):
    points = [(113.355, 23.125), (113.0, 22.0), (113.365, 23.125), (113.36, 23.125)]
    with django_assert_num_queries(1):
        communities = selectors.locate(points)
    # The last one lies on the shared border.
    assert communities == [COMMUNITY, "", OTHER_COMMUNITY, COMMUNITY]
    with django_assert_num_queries(0):
        assert selectors.locate([]) == []


def test_the_boundary_of_the_day_counts(outlined):
    moved = division(COMMUNITY, "示范一社区", square(113.45, 23.12), outline_from="2026-07-01")
    import_divisions({"type": "FeatureCollection", "features": [moved]})
    points = [(113.355, 23.125), (113.355, 23.125), (113.455, 23.125)]
    days = [date(2026, 6, 30), date(2026, 7, 1), None]
    assert selectors.locate(points, days=days) == [COMMUNITY, "", COMMUNITY]


def test_how_far_outside_a_point_lies(outlined):
    inside, outside, unknown = selectors.metres_outside(
        [
            (COMMUNITY, 113.355, 23.125),
            (COMMUNITY, 113.361, 23.125),
            ("440106009001", 113.355, 23.125),
        ]
    )
    assert inside == 0
    assert outside == pytest.approx(102, abs=2)
    assert unknown is None


def test_divisions_are_those_of_the_area_and_above(outlined, make_user):
    access = access_of(make_user("li", role="worker", area=COMMUNITY))
    assert list(selectors.divisions(access).values_list("code", flat=True)) == [
        "440000000000",
        "440100000000",
        "440106000000",
        "440106003000",
        COMMUNITY,
    ]
    nobody = access_of(make_user("no", role="restricted", area=STREET))
    assert not selectors.divisions(nobody).exists()
    assert selectors.extent(nobody) is None
    assert selectors.extent(access) == pytest.approx((113.35, 23.12, 113.36, 23.13))
    everybody = access_of(make_user("zhou", role="administrator", area=""))
    assert COMMUNITY in selectors.divisions(everybody).values_list("code", flat=True)


def test_names_and_centroids(outlined):
    assert selectors.division_names([COMMUNITY, "999999999999"]) == {COMMUNITY: "示范一社区"}
    assert selectors.centroids([COMMUNITY])[COMMUNITY] == pytest.approx((113.355, 23.125))


def test_a_place_keeps_all_its_codes(outlined):
    old = division("440106003009", "旧社区", None, valid_to="2026-07-01", successors=[COMMUNITY])
    import_divisions({"type": "FeatureCollection", "features": [old]})
    assert selectors.codes_of_place(COMMUNITY) == {COMMUNITY, "440106003009"}
    assert selectors.codes_of_place(OTHER_COMMUNITY) == {OTHER_COMMUNITY}


# The tile over the demo squares: 113.35 E, 23.12 N.
AT_12 = (12, 3337, 1777)
AT_13 = (13, 6675, 3554)


def test_the_base_map_shows_the_users_divisions_with_their_names(
    outlined, make_user, django_assert_num_queries
):
    access = access_of(make_user("wang", role="street", area=STREET))
    with django_assert_num_queries(1):
        tile = mapbox_vector_tile.decode(selectors.division_tile(access, *AT_13))
    drawn = {f["properties"]["code"] for f in tile["divisions"]["features"]}
    assert drawn == {"440106003000", COMMUNITY, OTHER_COMMUNITY}
    labels = {f["properties"]["code"]: f["properties"] for f in tile["labels"]["features"]}
    assert labels[COMMUNITY] == {
        "code": COMMUNITY,
        "level": 5,
        "name": "示范一社区",
        "name_en": "001",
    }
    county = mapbox_vector_tile.decode(selectors.division_tile(access, 8, 208, 111))
    assert county == {}
    nobody = access_of(make_user("no", role="restricted", area=STREET))
    assert selectors.division_tile(nobody, *AT_12) == b""


def test_an_ended_division_is_not_drawn(outlined, make_user):
    ended = division(COMMUNITY, "示范一社区", square(113.35, 23.12), valid_to="2020-01-01")
    import_divisions({"type": "FeatureCollection", "features": [ended]})
    access = access_of(make_user("wang", role="street", area=STREET))
    tile = mapbox_vector_tile.decode(selectors.division_tile(access, *AT_13))
    assert COMMUNITY not in {f["properties"]["code"] for f in tile["divisions"]["features"]}


def test_tiles_outside_the_map_do_not_exist(make_user):
    access = access_of(make_user("wang", role="street", area=STREET))
    with pytest.raises(NoSuchTile):
        selectors.division_tile(access, 2, 4, 0)
