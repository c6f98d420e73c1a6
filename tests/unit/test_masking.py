"""How protected values are shown to who has not asked to see them (security.md, Masks)."""

from __future__ import annotations

from datetime import date

import pytest

from server.core.masking import (
    Precision,
    first_day,
    last_day,
    mask,
    mask_all,
    mask_numbers,
    without_day,
)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("", ""),
        ("1", "*"),
        ("1234", "****"),
        ("12345678", "********"),
        ("123456789", "123****89"),  # four characters are hidden at least
        ("12345678901", "123******01"),
        ("12345678901234", "123*********34"),
        ("449901700501001", "4499***********"),  # an ID number of 15 digits
        ("449901197005010013", "4499**************"),  # no check digit, no county, no birthday
        ("44990119700501001X", "4499**************"),
    ],
)
def test_a_value_is_masked(plain, shown):
    assert mask(plain) == shown
    assert len(mask(plain)) == len(plain)


def test_numbers_in_a_text_are_masked():
    text = mask_numbers("身份证449901197005010013，电话020-00001234。")
    assert "4499**************" in text
    assert "020-00001234" not in text
    assert mask_numbers("示范路1号") == "示范路1号"


def test_numbers_in_all_texts_of_a_json_value_are_masked():
    number = "449901197005010013"
    value = {"skills": [f"call {number}", 7, None], "is_known": True}
    assert mask_all(value) == {
        "skills": ["call 4499**************", 7, None],
        "is_known": True,
    }


@pytest.mark.parametrize(
    ("day", "precision", "first", "last", "shown"),
    [
        ("2024-02-29", Precision.MONTH, "2024-02-01", "2024-02-29", "2024-02"),
        ("2023-12-31", Precision.MONTH, "2023-12-01", "2023-12-31", "2023-12"),
        ("2024-01-01", Precision.MONTH, "2024-01-01", "2024-01-31", "2024-01"),
        ("2024-01-01", Precision.YEAR, "2024-01-01", "2024-12-31", "2024"),
        ("2023-12-31", Precision.YEAR, "2023-01-01", "2023-12-31", "2023"),
        ("1966-07-15", Precision.YEAR, "1966-01-01", "1966-12-31", "1966"),
    ],
)
def test_a_date_without_its_day(day, precision, first, last, shown):
    on = date.fromisoformat(day)
    assert first_day(on, precision).isoformat() == first
    assert last_day(on, precision).isoformat() == last
    assert without_day(on, precision) == shown
