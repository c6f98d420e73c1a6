"""The order of doors by nearest neighbour."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.geo.distance import metres_between
from server.geo.nearest import by_nearest

POSITIONS = st.tuples(st.floats(113, 114), st.floats(22, 24))
DOORS = st.lists(st.tuples(st.none() | POSITIONS, st.text("ab", max_size=2)), max_size=12)


def ordered(doors):
    numbered = list(enumerate(doors))
    return by_nearest(numbered, lambda door: door[1][0], lambda door: door[1][1])


@settings(max_examples=60, deadline=None)
@given(DOORS)
def test_every_door_comes_once_and_doors_without_a_position_last_by_address(doors):
    order = ordered(doors)
    assert sorted(number for number, _door in order) == list(range(len(doors)))
    placed = [door for _number, door in order if door[0] is not None]
    rest = [door for _number, door in order[len(placed) :]]
    assert rest == sorted((door for door in doors if door[0] is None), key=lambda door: door[1])


@settings(max_examples=60, deadline=None)
@given(DOORS)
def test_each_door_is_followed_by_the_nearest_left_from_the_first_of_the_list(doors):
    placed = [(number, door[0]) for number, door in ordered(doors) if door[0] is not None]
    if placed:
        assert placed[0][0] == min(number for number, _position in placed)
    for index, (_number, here) in enumerate(placed[:-1]):
        follower, *others = [
            (metres_between(here, position), number) for number, position in placed[index + 1 :]
        ]
        assert follower == min([follower, *others])


def test_doors_on_a_line_are_walked_along_it():
    doors = [((113.0 + step / 100, 23.0), "") for step in (0, 3, 1, 2)]
    assert [number for number, _door in ordered(doors)] == [0, 2, 3, 1]
