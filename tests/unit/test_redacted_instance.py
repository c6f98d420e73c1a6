"""What programs get of an instance, by what its reader may see in plain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.core.xml import parse
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import Clearance, redacted_instance

KINDS = {
    "/data/members/id_no": Sensitivity.MASKED,
    "/data/members/petition": Sensitivity.RESTRICTED,
}
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
        instance(secret, around, petition), KINDS, Clearance(masked=False, restricted=False)
    )
    assert secret not in all_of(shown)
    assert shown.findtext("members/id_no") == f"{secret[:6]}**********{secret[-2:]}"
    assert [all_of(withheld) for withheld in shown.iterfind("members/petition")] == ["", ""]


def test_a_root_of_another_name_uncovers_nothing() -> None:
    """An old or odd client may name the root as it likes; rows are read below it."""
    secret = "44990119900101123X"
    document = instance(secret, "", "a petition").replace(b"data>", b"other>")
    shown = redacted_instance(document, KINDS, Clearance(masked=False, restricted=False))
    assert secret not in all_of(shown)
    assert "a petition" not in "".join(map(all_of, shown.iterfind("members/petition")))


def test_a_sealed_value_inside_a_withheld_answer_is_masked_elsewhere_too() -> None:
    kinds = {"/data/petition": Sensitivity.RESTRICTED, "/data/petition/id": Sensitivity.MASKED}
    secret = "449900199001011234"
    document = f"<data><petition><id>{secret}</id></petition>{secret}<note>{secret}</note></data>"
    shown = redacted_instance(document.encode(), kinds, Clearance(masked=False, restricted=False))
    assert secret not in all_of(shown)
    assert all_of(shown.find("petition")) == ""


def test_a_short_sealed_value_is_masked_in_its_own_answer_only() -> None:
    kinds = {"/data/id_no": Sensitivity.MASKED}
    for value, is_searched in (("4499", False), ("44990", True)):
        document = f"<data><id_no>{value}</id_no><note>room {value}</note></data>".encode()
        shown = redacted_instance(document, kinds, Clearance(masked=False, restricted=False))
        assert value not in shown.findtext("id_no")
        assert (value not in shown.findtext("note")) is is_searched


@given(_secrets, _words, _words)
def test_rights_open_what_they_are_for_and_no_more(secret: str, around: str, petition: str) -> None:
    document = instance(secret, around, petition)
    raw = redacted_instance(document, KINDS, Clearance(masked=True, restricted=False))
    assert (raw.findtext("members/id_no") or "").strip() == secret
    assert all_of(raw.find("members/petition")) == ""
    masked = redacted_instance(document, KINDS, Clearance(masked=False, restricted=True))
    assert secret not in all_of(masked)
    assert (masked.findtext("members/petition") or "") == petition
    whole = redacted_instance(document, KINDS, Clearance(masked=True, restricted=True))
    assert etree.tostring(whole) == etree.tostring(parse(document))
