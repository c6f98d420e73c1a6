"""How what two entries have in common is weighed (rules.md, Candidates)."""

from __future__ import annotations

import pytest

from server.ledgers.identity.likeness import PROPOSED, Reason, weighed


def likeness(family, **facts):
    return weighed(family, "b", "a", facts)


def test_the_reasons_come_with_the_weightiest_first_and_their_sum():
    alike = likeness("person", birth=True, phone=True, household=True, name=True, address=False)
    assert alike.reasons == (Reason.NAME, Reason.BIRTH, Reason.HOUSEHOLD, Reason.PHONE)
    assert (alike.family, alike.entry, alike.other, alike.score) == ("person", "b", "a", 120)


def test_what_is_not_known_counts_for_nothing():
    alike = likeness("household", address=True, book=None, place=None)
    assert (alike.score, alike.reasons) == (50, (Reason.ADDRESS,))


def test_what_tells_two_apart_is_said_and_takes_away_but_never_below_nothing():
    alike = likeness("person", name=True, birth=True, phone=True, other_sex=True)
    assert (alike.score, alike.reasons[-1]) == (85, Reason.OTHER_SEX)
    alike = likeness("person", birth_close=True, together=True)
    assert (alike.score, alike.reasons) == (0, (Reason.TOGETHER, Reason.BIRTH_CLOSE))


@pytest.mark.parametrize(
    ("family", "facts", "score", "proposed"),
    [
        ("employer", {"name", "phone"}, 85, True),
        ("employer", {"address", "phone"}, 80, False),
        ("household", {"address", "member"}, 85, True),
        ("household", {"namesake", "member", "place"}, 80, False),
    ],
)
def test_from_eighty_five_on_two_are_proposed(family, facts, score, proposed):
    alike = likeness(family, **dict.fromkeys(facts, True))
    assert (alike.score, alike.is_proposed, PROPOSED) == (score, proposed, 85)
