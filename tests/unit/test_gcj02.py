from hypothesis import given
from hypothesis import strategies as st

from server.geo.distance import metres_between
from server.geo.gcj02 import gcj02_of, is_shifted, wgs84_of

# Away from the edge of the shifted rectangle, where an original is unique.
IN_CHINA = st.tuples(st.floats(73.1, 136.7), st.floats(1.9, 54.7))


@given(IN_CHINA)
def test_there_and_back_is_less_than_a_metre(position):
    shifted = gcj02_of(*position)
    assert metres_between(wgs84_of(*shifted), position) < 1


@given(IN_CHINA)
def test_the_shift_is_noticeable_and_less_than_a_kilometre(position):
    assert 1 < metres_between(gcj02_of(*position), position) < 1500


def test_guangzhou_is_shifted_by_what_every_map_shows():
    # Tianhe: GCJ-02 lies about 0.0054° east and 0.0026° south of WGS 84.
    lon, lat = gcj02_of(113.3612, 23.1247)
    assert 0.0050 < lon - 113.3612 < 0.0058
    assert -0.0032 < lat - 23.1247 < -0.0020


def test_positions_abroad_are_left_alone():
    assert not is_shifted(2.35, 48.85)
    assert gcj02_of(2.35, 48.85) == wgs84_of(2.35, 48.85) == (2.35, 48.85)


def test_a_degree_of_latitude_is_about_111_km():
    assert 111_000 < metres_between((113.0, 23.0), (113.0, 24.0)) < 111_400
    assert metres_between((113.0, 23.0), (113.0, 23.0)) == 0
