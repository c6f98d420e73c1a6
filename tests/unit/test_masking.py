"""How protected values are shown to who has not asked to see them (security.md, Masks)."""

from __future__ import annotations

import pytest

from server.core.masking import mask, mask_numbers


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("", ""),
        ("1", "*"),
        ("1234", "****"),
        ("12345", "***45"),
        ("1234567890", "********90"),  # the first six and last two would give it away
        ("12345678901", "123456***01"),
        ("449901197005010013", "449901**********13"),
        ("44990119700501001X", "449901**********1X"),
    ],
)
def test_a_value_is_masked(plain, shown):
    assert mask(plain) == shown
    assert len(mask(plain)) == len(plain)


def test_numbers_in_a_text_are_masked():
    text = mask_numbers("身份证449901197005010013，电话020-00001234。")
    assert "449901**********13" in text
    assert "020-00001234" not in text
    assert mask_numbers("示范路1号") == "示范路1号"
