import pytest

from server.geo.codes import ancestors_of, ancestors_of_prefix, level_of, whole_code
from server.geo.models import Level
from server.geo.problems import NoSuchTile
from server.geo.tiles import Tile


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("440000000000", Level.PROVINCE),
        ("440100000000", Level.CITY),
        ("440106000000", Level.COUNTY),
        ("440106003000", Level.STREET),
        ("440106003001", Level.COMMUNITY),
        ("441900003001", Level.COMMUNITY),
        ("441900000000", Level.CITY),
    ],
)
def test_the_last_group_that_is_not_zeros_gives_the_level(code, level):
    assert level_of(code) == level


def test_a_city_without_counties_is_its_streets_parent():
    assert ancestors_of("441900003000") == ["441900000000", "440000000000"]
    assert ancestors_of("440106003001") == [
        "440106003000",
        "440106000000",
        "440100000000",
        "440000000000",
    ]


def test_codes_are_whole_or_whole_groups():
    assert whole_code("440106003") == "440106003000"
    assert whole_code(" 440106003001 ") == "440106003001"
    for wrong in ("", "4", "4401060030", "44010600300a", "000000000000", "4401060030011"):
        assert whole_code(wrong) is None


def test_what_lies_above_an_area():
    assert ancestors_of_prefix("440106003") == ["440000000000", "440100000000", "440106000000"]
    assert ancestors_of_prefix("") == []


def test_tiles_divide_the_world_in_four():
    world = Tile.at(0, 0, 0)
    assert world.bounds == pytest.approx((-20037508.34, -20037508.34, 20037508.34, 20037508.34))
    south_east = Tile.at(1, 1, 1)
    assert south_east.bounds == pytest.approx((0, -20037508.34, 20037508.34, 0))
    assert south_east.pixel == world.pixel / 2
    for outside in ((-1, 0, 0), (0, 1, 0), (3, 0, 8), (23, 0, 0)):
        with pytest.raises(NoSuchTile):
            Tile.at(*outside)
