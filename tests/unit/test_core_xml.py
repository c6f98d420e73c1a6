"""The XML parser: takes what phones send, refuses what attackers send."""

from __future__ import annotations

import pytest

from server.core.xml import MAX_DEPTH, BadXml, local_name, parse

BOMB = b"""<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><d>&b;</d>"""
EXTERNAL = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d>&x;</d>"""


def test_names_are_read_without_their_namespace_and_comments_are_dropped() -> None:
    root = parse('<a xmlns="urn:x"><!-- no --><b>张三 㼆𠮷</b></a>'.encode())

    assert local_name(root) == "a"
    assert [(local_name(child), child.text) for child in root] == [("b", "张三 㼆𠮷")]


@pytest.mark.parametrize(
    "document",
    [BOMB, EXTERNAL, b"<!DOCTYPE d><d/>", b"", b"<a>", b"\xff\xfe", b"<a>\x00</a>", b"{}"],
)
def test_a_doctype_or_a_broken_document_is_refused(document: bytes) -> None:
    with pytest.raises(BadXml):
        parse(document)


def test_nesting_has_a_limit() -> None:
    def nested(depth: int) -> bytes:
        return b"<a>" * depth + b"</a>" * depth

    assert parse(nested(MAX_DEPTH)) is not None
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(BadXml):
            parse(nested(depth))


def test_the_message_never_quotes_the_document() -> None:
    with pytest.raises(BadXml) as raised:
        parse(b"<a><id_no>449901196501010016</id></a>")

    assert "449901" not in raised.value.detail
