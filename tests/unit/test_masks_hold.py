"""What stands beside each other on screens and lists leaves at least a thousand ID numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice, product

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.masking import Precision, mask, without_day
from server.ledgers.definitions.normalise import citizen_id, id_check_digit

ENOUGH = 1000
births = st.dates(date(1930, 1, 1), date(2020, 12, 31))
counties = st.integers(440100, 659099).map(str)
orders = st.integers(1, 999)


def number(county: str, birth: date, order: int) -> str:
    """The ID number with its check digit."""
    digits = f"{county}{birth:%Y%m%d}{order:03d}"
    return digits + id_check_digit(digits)


def fitting(masked: str, shown_birth: str, sex: str, county: str | None) -> Iterator[str]:
    """Every ID number that fits what a reader sees; `county` is the hukou division beside it."""
    first = date.fromisoformat((shown_birth + "-01-01")[:10])
    days = (first + timedelta(days=number) for number in range(366))
    counties = [county] if county else [f"{masked[:4]}{number:02d}" for number in range(1, 100)]
    for day, place, order in product(days, counties, range(1, 1000)):
        if not day.isoformat().startswith(shown_birth) or order % 2 != int(sex) % 2:
            continue
        candidate = number(place, day, order)
        if all(shown in ("*", digit) for shown, digit in zip(masked, candidate, strict=True)):
            yield candidate


@settings(max_examples=10, deadline=None)
@given(counties, births, orders, st.sampled_from(Precision), st.booleans())
def test_a_mask_with_birth_sex_and_hukou_leaves_a_thousand_numbers(
    county, birth, order, precision, shows_hukou
):
    """The month is what dates of cases may tell, the year what the birth itself shows."""
    whole = number(county, birth, order)
    assert citizen_id(whole, today=date(2026, 11, 27)).is_valid
    beside = fitting(
        mask(whole),
        without_day(birth, precision),
        str(2 - order % 2),
        county if shows_hukou else None,
    )
    assert len(list(islice(beside, ENOUGH))) == ENOUGH


@settings(max_examples=8, deadline=None)
@given(counties, births, orders)
def test_even_a_day_of_birth_that_somebody_knows_leaves_a_thousand(county, birth, order):
    whole = number(county, birth, order)
    beside = fitting(mask(whole), birth.isoformat(), str(2 - order % 2), None)
    assert len(list(islice(beside, ENOUGH))) == ENOUGH


def test_the_mask_of_before_left_ten():
    """The first six and last two beside a whole date of birth, which is what this test would find."""
    whole = number("449901", date(1965, 3, 12), 123)
    beside = list(fitting(whole[:6] + "*" * 10 + whole[-2:], "1965-03-12", "1", "449901"))
    assert whole in beside
    assert len(beside) < 20


@settings(max_examples=50)
@given(st.text("0123456789-", min_size=0, max_size=20))
def test_ten_thousand_values_fit_every_mask(plain):
    """Of a value that is hidden whole nothing is known but its length."""
    masked = mask(plain)
    assert masked.count("*") >= 4 or len(plain) < 4
    assert len(masked) == len(plain)
