"""ID numbers and phones are recognised however they are written, and nothing else is."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.masking import mask, mask_numbers
from server.core.personal_numbers import find, replace
from server.ops import logs

ID_18 = "449901196501010016"
ID_15 = "449901650101001"
MOBILE = "13" + "0" * 9
FULL_WIDTH = str.maketrans("0123456789X+-", "０１２３４５６７８９Ｘ＋－")


@pytest.mark.parametrize(
    "number",
    [
        ID_18,
        "44990119650101001X",
        "44990119650101001x",
        ID_15,
        "449901 19650101 0016",
        "449901-19650101-001X",
        "449901 1965 0101 0016",
        "449901 1965 01 01 0016",
        "449901-650101-001",
        "4499 0119 6501 0100 16",
        "4499 0119 6501 0100 1X",
        "020-00001234",
        "02000001234",
        "020 00001234",
        "020-0000 1234",
        "(020)00001234",
        "（020）0000-1234",
        "0200-0001234",
        "+86-20-00001234",
        "0086 20 0000 1234",
        MOBILE,
        f"+86{MOBILE}",
        f"+86 {MOBILE}",
        f"86{MOBILE}",
        f"0086-{MOBILE}",
        "130-0000-0000",
        "130 0000 0000",
        "+86 130 0000 0000",
        "130\u30000000\u30000000",
        "130\u20110000\u20110000",
        "12" + "0" * 9,  # no mobile yet, but as long as one
        "6" * 16,  # bank cards
        "6" * 18 + "9",  # with its check digit
        ID_18 + "1",  # a digit too many
        "6666 6666 6666 6666",
        "6666 6666 6666 6666 666",
        " ".join(ID_18),
        " ".join(MOBILE),
        "449901  19650101 0016".replace("  ", " "),
        "130.0000.0000",
        "130  0000  0000",
    ],
)
def test_a_personal_number_is_recognised_whole(number):
    for text in (number, f"身份证号{number}。", f"call {number}, please", f"id_{number}"):
        assert list(find(text)) == [number]
        assert replace(text, lambda _number: "***") == text.replace(number, "***")
    wide = number.translate(FULL_WIDTH)
    assert list(find(f"电话：{wide}")) == [wide]


@pytest.mark.parametrize("before", ["A", "Ａ", "tel", "IMG", "wx"])
@pytest.mark.parametrize("number", [ID_18, ID_15, MOBILE])
def test_a_number_behind_a_word_of_letters_is_recognised(before, number):
    assert list(find(f"{before}{number}.jpg")) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91440101MA59ABCD1X",  # a USCC
        "914401017X1234567B",
        "449901003000",  # a division
        "2026-11-27 16:22:02",
        "20261127",
        "1700000000000",  # milliseconds
        "113.264123 23.117055 0 4.5",
        "10086",
        "12345678901234",  # one digit short of an ID number
        "9223372036854775807",  # the largest integer of 64 bits
        f"{ID_18}B",  # part of a longer name
        f"A1B{ID_18}",
        "uuid:12345678-0123-4567-8901-012345678901",
        "12345678-1234-1234-1234-123456789012",
    ],
)
def test_what_is_no_personal_number_is_left_alone(text):
    assert list(find(text)) == []
    assert mask_numbers(text) == logs.mask(text) == text


def test_several_numbers_and_a_uuid_in_one_text():
    text = f"uuid:00000000-0000-0000-0000-000000000000 {ID_18}，020-00001234/{MOBILE}"
    assert list(find(text)) == [ID_18, "020-00001234", MOBILE]


def test_a_mask_never_shows_the_end_of_a_long_number():
    assert mask_numbers(f"她 {ID_18}") == "她 4499**************"
    assert mask_numbers("020-00001234") == "020*******34"
    assert [mask(text) for text in ("", "12345678", "123456789", "12345678901", ID_15)] == [
        "",
        "********",
        "123****89",
        "123******01",
        "4499***********",
    ]


def test_logs_show_nothing_of_a_number():
    assert logs.mask(f"/key/abc/x {ID_18} 020-00001234") == "/key/***/x *** ***"


gaps = st.sampled_from(["", " ", "-", "\u00a0", "\u3000", "－", "–"])
around = st.text("身份证，。 (\n:_", max_size=3)


@given(st.text("0123456789", min_size=17, max_size=17), st.sampled_from("0123456789Xx"), gaps)
def test_every_id_number_is_recognised_in_its_usual_groups(digits, check, gap):
    number = gap.join((digits[:6], digits[6:14], digits[14:] + check))
    assert list(find(number)) == [number]


@given(around, st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), gaps, around)
def test_every_mobile_is_recognised_in_its_usual_groups(before, digits, gap, after):
    number = gap.join((digits[:3], digits[3:7], digits[7:]))
    assert list(find(f"{before}{number}{after}")) == [number]


@given(st.uuids(), st.booleans())
def test_no_uuid_is_changed(uuid: UUID, is_upper):
    text = f"uuid:{uuid}"
    assert mask_numbers(text.upper() if is_upper else text) == (text.upper() if is_upper else text)


@given(st.from_regex(r"[0-9]{8}(-[0-9]{4}){3}-[0-9]{12}", fullmatch=True))
def test_no_uuid_of_digits_alone_is_changed(text):
    assert mask_numbers(text) == text


@given(st.text() | st.text("0123456789 -+xX我０１", max_size=60))
def test_only_the_numbers_are_replaced(text):
    assert replace(text, lambda number: number) == text
    starred = replace(text, lambda number: "*" * len(number))
    assert all(new in (old, "*") for old, new in zip(text, starred, strict=True))


@given(st.text("0123456789 -+xX我a", max_size=60))
def test_no_long_run_of_digits_is_left(text):
    starred = replace(text, lambda number: "*" * len(number))
    assert not re.search(r"(?<![0-9A-Za-z])(?:[0-9]{15,}|1[0-9]{10})(?![0-9A-Za-z])", starred)
