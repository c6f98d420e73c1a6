"""What programs get of an instance, by what its reader may see in plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.core.xml import parse
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import Clearance, redacted_instance
from server.ledgers.reading.redaction import Protection, without_restricted
from server.submissions.problems import AnswersLeftOut
from server.submissions.redacted import refuse_redacted

KINDS = Protection(
    {"/data/members/id_no": Sensitivity.MASKED, "/data/members/petition": Sensitivity.RESTRICTED},
    {},
)
HIDDEN = Clearance(masked=False, days=False, restricted=False)
WHOLE = Clearance(masked=True, days=True, restricted=False)
_secrets = st.from_regex(r"4499[0-9]{13}[0-9X]", fullmatch=True)
_words = st.text("甲乙丙 ab<&", max_size=8)


def all_of(shown: etree._Element) -> str:
    return "".join(map(str, shown.itertext()))


def instance(secret: str, around: str, petition: str) -> bytes:
    root = etree.Element("data")
    etree.SubElement(root, "note").text = f"{around}{secret}{around}"
    for _ in range(2):
        member = etree.SubElement(root, "members")
        etree.SubElement(member, "id_no").text = f" {secret} "
        below = etree.SubElement(member, "petition")
        below.text = petition
        odd = etree.SubElement(below, "odd")
        odd.text = odd.tail = petition
        odd.addnext(etree.Element("odder"))
        member.tail = f"behind {secret}"
    return etree.tostring(root)


@given(_secrets, _words, _words)
def test_what_is_masked_stands_nowhere(secret: str, around: str, petition: str) -> None:
    shown = redacted_instance(
        instance(secret, around, petition),
        KINDS,
        Clearance(masked=False, days=False, restricted=False),
    )
    assert secret not in all_of(shown)
    assert shown.findtext("members/id_no") == secret[:4] + "*" * 14
    assert shown.find("members/petition") is None
    assert "".join(all_of(shown).split()).count("behind") == 2


def test_a_root_of_another_name_uncovers_nothing() -> None:
    """An old or odd client may name the root as it likes; rows are read below it."""
    secret = "44990119900101123X"
    document = instance(secret, "", "a petition").replace(b"data>", b"other>")
    shown = redacted_instance(
        document, KINDS, Clearance(masked=False, days=False, restricted=False)
    )
    assert secret not in all_of(shown)
    assert shown.find("members/petition") is None


def test_a_sealed_value_inside_a_withheld_answer_is_masked_elsewhere_too() -> None:
    kinds = Protection(
        {"/data/petition": Sensitivity.RESTRICTED, "/data/petition/id": Sensitivity.MASKED}, {}
    )
    secret = "449900199001011234"
    document = f"<data><petition><id>{secret}</id></petition>{secret}<note>{secret}</note></data>"
    shown = redacted_instance(
        document.encode(), kinds, Clearance(masked=False, days=False, restricted=False)
    )
    assert secret not in all_of(shown)
    assert shown.find("petition") is None


def test_a_short_sealed_value_is_masked_in_its_own_answer_only() -> None:
    kinds = Protection({"/data/id_no": Sensitivity.MASKED}, {})
    for value, is_searched in (("4499", False), ("44990", True)):
        document = f"<data><id_no>{value}</id_no><note>room {value}</note></data>".encode()
        shown = redacted_instance(
            document, kinds, Clearance(masked=False, days=False, restricted=False)
        )
        assert value not in shown.findtext("id_no")
        assert (value not in shown.findtext("note")) is is_searched


@given(_secrets, _words, _words)
def test_rights_open_what_they_are_for_and_no_more(secret: str, around: str, petition: str) -> None:
    document = instance(secret, around, petition)
    raw = redacted_instance(document, KINDS, Clearance(masked=True, days=True, restricted=False))
    assert (raw.findtext("members/id_no") or "").strip() == secret
    assert raw.find("members/petition") is None
    masked = redacted_instance(
        document, KINDS, Clearance(masked=False, days=False, restricted=True)
    )
    assert secret not in all_of(masked)
    assert (masked.findtext("members/petition") or "") == petition
    whole = redacted_instance(document, KINDS, Clearance(masked=True, days=True, restricted=True))
    assert etree.tostring(whole) == etree.tostring(parse(document))


SURVEY = Protection(
    {"/data/members/disability": Sensitivity.RESTRICTED, "/data/concern": Sensitivity.RESTRICTED},
    {"/data/members/health": "HL", "/data/members/why": "UR", "/data/hardship": "HS"},
)


def test_what_is_asked_only_of_those_concerned_leaves_no_trace():
    """A form asks for the kind of a disability only of disabled people: an empty element would tell."""
    members = (
        "<members><health>1</health><more/></members>",
        "<members><health>6</health><more><disability/></more></members>",
    )
    kinds = {"/data/members/more/disability": Sensitivity.RESTRICTED}
    protected = Protection(kinds, {"/data/members/health": "HL"})
    shown = without_restricted(f"<data>{members[1]}</data>".encode(), protected)
    assert b"disability" not in shown
    assert b"more" not in shown, "a group of which nothing is left goes, too"
    assert b"<health>1</health>" in without_restricted(
        f"<data>{members[0]}</data>".encode(), protected
    )
    assert b"6" not in shown.replace(b"UTF-8", b"")


@pytest.mark.parametrize("around", ["{}", "<more>{}</more>", "<more>\n  {}\n</more>"])
def test_numbers_behind_withheld_answers_are_masked(around):
    """A text moves when the answer before it is taken out, and with it its group: it stays masked."""
    number, path = (
        "449900199001011234",
        "/data/more/concern" if "more" in around else "/data/concern",
    )
    kinds = {path: Sensitivity.RESTRICTED, "/data/id_no": Sensitivity.MASKED}
    inner = around.format("<concern><mood>low</mood></concern>")
    document = f"<data><id_no>{number}</id_no>{inner} see {number}<left>{number}</left></data>"
    shown = etree.tostring(redacted_instance(document.encode(), Protection(kinds, {}), HIDDEN))
    assert shown.count(b"4499" + b"*" * 14) == 3
    assert number.encode() not in shown
    assert b"mood" not in shown
    assert b"more" not in shown


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("<members><health>6</health></members>", "<health/>"),
        ("<members><health>3</health></members>", "<health/>"),
        ("<members><health>2</health></members>", "<health>2</health>"),
        ("<members><why>11</why></members>", "<why>99</why>"),
        ("<members><why>05</why></members>", "<why>05</why>"),
        ("<hardship>1 2 4</hardship>", "<hardship>1 9 4</hardship>"),
        ("<concern><mood>low</mood></concern>", ""),
    ],
)
def test_restricted_codes_are_left_out_or_read_as_another_code(answer, shown):
    text = without_restricted(f"<data>{answer}</data>".encode(), SURVEY).decode()
    assert (shown or "withheld") in text
    if not shown:
        assert "mood" not in text
        assert "concern" not in text


def test_a_copy_without_answers_says_so_and_is_not_taken_back():
    whole = b"<data><members><health>1</health></members></data>"
    copy = without_restricted(whole, SURVEY)
    with pytest.raises(AnswersLeftOut):
        refuse_redacted(copy)
    refuse_redacted(whole)
    refuse_redacted(b"<data><note>withheld</note></data>")
    assert without_restricted(whole, Protection({}, {})) == whole
    encrypted = b'<data encrypted="yes"/>'
    assert without_restricted(encrypted, SURVEY) == encrypted


def test_of_a_birthday_the_year_is_left_wherever_it_stands() -> None:
    kinds = Protection({"/data/birth": Sensitivity.BIRTH, "/data/id_no": Sensitivity.MASKED}, {})
    secret = "44990119650312123X"
    document = (
        "<data><birth>1965-03-12</birth><id_no/><said>born 1965-03-12, 19650312</said></data>",
        f"<data><birth/><id_no>{secret}</id_no><said>born 1965-03-12, 19650312</said></data>",
    )
    for text in document:
        shown = redacted_instance(text.encode(), kinds, HIDDEN)
        assert shown.findtext("said") == "born 1965-**-**, 1965****"
        assert "0312" not in all_of(shown)
        assert shown.findtext("birth") in ("1965-01-01", "")  # a date, as the form's type says


NUMBERS = [
    "449901196503121234",
    "449901650312123",
    "020-00001234",
    "４４９９０１１９６５０３１２１２３４",
]


def test_numbers_are_masked_in_every_answer_and_coordinates_are_not() -> None:
    for number in NUMBERS:
        document = f"<data><remark>ask {number} first</remark><loc>23.117055123456789 113.264123456789012 0 0</loc></data>"
        shown = redacted_instance(document.encode(), Protection({}, {}), HIDDEN)
        assert number not in all_of(shown)
        assert shown.findtext("loc") == "23.117055123456789 113.264123456789012 0 0"
        assert number in all_of(redacted_instance(document.encode(), Protection({}, {}), WHOLE))
