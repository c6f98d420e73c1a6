"""Briefcase's odd keys, and instances within its answers."""

from __future__ import annotations

import pytest
from lxml import etree

from server.openrosa.briefcase import instance_xml, key_of
from server.openrosa.problems import NoSuchRecord


@pytest.mark.parametrize(
    ("written", "form_id", "instance_id"),
    [
        ("f[@version=null and @uiVersion=null]/data[@key=uuid:1]", "f", "uuid:1"),
        ("f[@version=Optional[2026] and @uiVersion=null]/data[@key=uuid:1]", "f", "uuid:1"),
        ("f/data[@key='uuid:1']", "f", "uuid:1"),
        ("http://a/b[@version=1 and @uiVersion=null]/d[@key=x]]", "http://a/b", "x]"),
    ],
)
def test_keys_are_read_from_the_right(written: str, form_id: str, instance_id: str) -> None:
    assert key_of(written) == (form_id, instance_id)


@pytest.mark.parametrize("written", ["", "f", "f/data", "f[@key=x]", "f/data[@key=x"])
def test_what_is_no_key_names_no_record(written: str) -> None:
    with pytest.raises(NoSuchRecord):
        key_of(written)


def test_an_instance_keeps_its_namespaces_inside_the_answer() -> None:
    for root, tag in (("<d id='f'/>", "d"), ("<d xmlns='urn:f'><a/></d>", "{urn:f}d")):
        text = instance_xml(root.encode(), instanceID="uuid:1", isComplete="true")
        outer = etree.fromstring(f'<submission xmlns="urn:outer">{text}</submission>')
        assert outer[0].tag == tag
        assert (outer[0].get("instanceID"), outer[0].get("isComplete")) == ("uuid:1", "true")
