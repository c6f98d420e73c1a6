"""Equal things are spelled equally, and ID numbers are checked as GB 11643 says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.ledgers.definitions import normalise

TODAY = date(2026, 11, 23)
GOOD = "449901196501010016"
GOOD_X = "44990119650101018X"


def digits(n: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=n, max_size=n)


births = st.dates(date(1900, 1, 1), date(1999, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        GOOD_X,
        "44990119650101018x",
        "４４９９０１１９６５０１０１０１８Ｘ",
        " 449901 19650101 018x ",
        "44990119650101018ｘ",
    ],
)
def test_an_id_number_has_one_spelling(text):
    found = normalise.citizen_id(text, TODAY)
    assert (found.number, found.is_valid) == (GOOD_X, True)
    assert (found.birth_date, found.sex, found.original_15) == (date(1965, 1, 1), "2", "")


def test_the_seventeenth_digit_tells_the_sex():
    assert normalise.citizen_id(GOOD, TODAY).sex == "1"


@pytest.mark.parametrize(
    "text",
    [
        "449901196501010017",  # check digit
        "44990119650231001" + normalise.id_check_digit("44990119650231001"),  # 31 February
        "44990120990101001" + normalise.id_check_digit("44990120990101001"),  # not born yet
        "44990118000101001" + normalise.id_check_digit("44990118000101001"),  # nobody is that old
        "4499011965010100",
        "",
        "护照",
    ],
)
def test_a_wrong_id_number_is_kept_but_not_valid(text):
    found = normalise.citizen_id(text, TODAY)
    assert not found.is_valid
    assert found.number == text
    assert found.birth_date is None


def test_the_place_in_an_id_number_is_not_checked():
    assert normalise.citizen_id(GOOD, TODAY).is_valid  # 4499 was never given to any place


@settings(deadline=None)  # a busy machine is no fault
@given(births, digits(3))
def test_a_15_digit_number_becomes_the_18_digit_one_and_back(born, serial):
    short = f"449901{born:%y%m%d}{serial}"
    found = normalise.citizen_id(short, TODAY)
    assert found.is_valid
    assert found.original_15 == short
    assert found.birth_date == born
    assert found.number[:6] + found.number[8:17] == short
    again = normalise.citizen_id(found.number, TODAY)
    assert (again.number, again.is_valid) == (found.number, True)


@settings(deadline=None)  # a busy machine is no fault
@given(births, digits(3), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_found(born, serial, place, wrong):
    body = f"449901{born:%Y%m%d}{serial}"
    good = body + normalise.id_check_digit(body)
    bad = good[:place] + wrong + good[place + 1 :]
    assert normalise.citizen_id(bad, TODAY).is_valid == (bad == good)


@settings(deadline=None)  # a busy machine is no fault
@given(st.text())
def test_normalising_again_changes_nothing(text):
    for spell in (normalise.half_width, normalise.name, normalise.title, normalise.document_number):
        assert spell(spell(text)) == spell(text)
    assert normalise.phone(normalise.phone(text).number) == normalise.phone(text)
    assert normalise.uscc(normalise.uscc(text).code) == normalise.uscc(text)
    once = normalise.citizen_id(text, TODAY)
    assert normalise.citizen_id(once.number, TODAY).number == once.number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" 张　三 ", "张三"),
        ("张 三", "张三"),
        ("Ｊｏｈｎ  Smith", "John Smith"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提 · 艾力", "买买提·艾力"),
        ("𠮷 田", "𠮷田"),
        ("㼆", "㼆"),
        ("石牌（一）街", "石牌(一)街"),
    ],
)
def test_a_name_has_one_spelling(text, name):
    assert normalise.name(text) == name


@pytest.mark.parametrize(
    ("text", "number", "is_valid"),
    [
        ("020-00001234", "020-00001234", True),
        ("02000001234", "020-00001234", True),
        ("（０２０）0000 1234", "020-00001234", True),
        ("0756-0000123", "0756-0000123", True),
        ("12345", "12345", False),
        ("没有", "没有", False),
    ],
)
def test_a_phone_number_has_one_spelling(text, number, is_valid):
    assert normalise.phone(text) == normalise.Phone(number, is_valid)


def test_a_mobile_number_loses_its_country_code():
    mobile = "1" + "3" + "0" * 9
    for text in (
        mobile,
        f"+86 {mobile}",
        f"0086{mobile}",
        f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
    ):
        assert normalise.phone(text) == normalise.Phone(mobile, True)


@pytest.mark.parametrize(
    ("code", "is_valid"),
    [
        ("91110000600037341L", True),
        ("９１110000600037341l", True),
        ("91110000600037341M", False),
        (
            "91350211M0000XUF46",
            False,
        ),  # reported real, fails its check: a warning only (rules.md, Identity of employers)
        ("9111000060003734IL", False),
        ("91110000", False),
    ],
)
def test_a_credit_code_is_checked(code, is_valid):
    assert normalise.uscc(code).is_valid is is_valid


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.sampled_from("19ANY"), digits(6), st.text(normalise._USCC_ALPHABET, min_size=9, max_size=9)
)
def test_every_department_can_issue_a_credit_code(department, place, organisation):
    body = f"{department}1{place}{organisation}"
    assert normalise.uscc(body + normalise.uscc_check_character(body)).is_valid


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("60003734-1", "600037341"),
        ("６０００３７３４１", "600037341"),
        ("600037342", ""),  # the check character is wrong
        ("000000000", ""),  # it is right and says nothing
        ("D2143569-X", "D2143569X"),
        ("6000373", ""),
        ("", ""),
    ],
)
def test_an_organisation_code_is_checked(text, code):
    assert normalise.org_code(text) == code
    assert normalise.org_code(code) == code
