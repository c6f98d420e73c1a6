"""What an instance's entity blocks say, however they are written."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import xml
from server.forms.entity_forms import entity_form
from server.ledgers.entity_lists.claims import disagreement
from server.ledgers.entity_lists.versions import digest
from server.ledgers.storage.entity_versions import EntityVersion
from server.submissions.entity_blocks import EntityBlock, entity_blocks

HOME = "0b6a3a1e-62c4-4c57-9f3e-2f1a6d7c8e01"
BRANCH = "5d1f6c3a-9a0e-4b7e-8f43-0a9b8c7d6e02"


def document(attributes: str, label: str = "<label>示范路1号</label>", rest: str = "") -> bytes:
    return (
        f"<data><address>示范路1号</address><meta><entity {attributes}>{label}</entity>"
        f"<instanceID>uuid:x</instanceID></meta>{rest}</data>"
    ).encode()


def block_of(attributes: str, **parts: str) -> EntityBlock:
    (block,) = entity_blocks(document(attributes, **parts))
    return block


def test_a_block_is_read_with_its_branch_and_answers():
    block = block_of(
        f'dataset="households" id="uuid:{HOME.upper()}" update="1" baseVersion="3"'
        f' trunkVersion="2" branchId="{BRANCH}"'
    )
    assert (block.dataset, block.entity, block.fault) == ("households", UUID(HOME), "")
    assert (block.create, block.update) == (False, True)
    assert (block.base_version, block.trunk_version, block.branch_id) == (3, 2, BRANCH)
    assert (block.path, block.label) == ("/data", "示范路1号")
    assert block.values == {"/data/address": "示范路1号"}


@pytest.mark.parametrize(
    ("attributes", "is_asked"),
    [
        ('create="1"', True),
        ('create="true"', True),
        ('create="0" update="true"', True),
        ('create="yes"', False),
        ('create=""', False),
        ("", False),
    ],
)
def test_only_the_values_1_and_true_create_or_update(attributes, is_asked):
    blocks = entity_blocks(document(f'dataset="households" id="{HOME}" {attributes}'))
    assert bool(blocks) is is_asked


@pytest.mark.parametrize(
    ("attributes", "label", "fault"),
    [
        ('id="household 7" create="1"', "<label>x</label>", "no_uuid"),
        ('create="1"', "<label>x</label>", "no_uuid"),
        (f'id="{HOME}" create="1"', "<label> </label>", "no_label"),
        (f'id="{HOME}" create="1"', "", "no_label"),
        (f'id="{HOME}" update="1"', "", ""),
        (f'id="{HOME}" create="1" update="1"', "", ""),
    ],
)
def test_faults_are_returned_and_not_raised(attributes, label, fault):
    assert block_of(f'dataset="households" {attributes}', label=label).fault == fault


def test_versions_that_are_not_numbers_are_none():
    block = block_of(f'dataset="x" id="{HOME}" update="1" baseVersion="one" trunkVersion=""')
    assert (block.base_version, block.trunk_version) == (None, None)
    huge = block_of(f'dataset="x" id="{HOME}" update="1" baseVersion="9999999999"')
    assert huge.base_version == 2**31 - 1


def test_blocks_in_repeats_take_their_own_answers():
    line = (
        "<shop><name>{0}</name><meta><entity dataset='employers' id='{1}' create='1'>"
        "<label>{0}</label></entity></meta></shop>"
    )
    shops = line.format("甲", HOME) + line.format("乙", BRANCH)
    blocks = entity_blocks(
        document(f'dataset="households" id="{HOME}" create="1"', rest=f"<g>{shops}</g>")
    )
    assert [(block.path, block.values) for block in blocks] == [
        ("/data", {"/data/address": "示范路1号"}),
        ("/data/g/shop", {"/data/g/shop/name": "甲"}),
        ("/data/g/shop", {"/data/g/shop/name": "乙"}),
    ]


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=12))
def test_any_text_in_a_block_is_read(dataset, entity, version):
    from xml.sax.saxutils import quoteattr

    attributes = (
        f"dataset={quoteattr(dataset)} id={quoteattr(entity)} baseVersion={quoteattr(version)}"
    )
    try:
        blocks = entity_blocks(document(f'{attributes} update="1"'))
    except xml.BadXml:
        return
    assert len(blocks) == 1


def test_a_form_declares_its_lists_and_properties():
    form = (
        b"<h:html xmlns:h='http://www.w3.org/1999/xhtml' xmlns='http://www.w3.org/2002/xforms'"
        b" xmlns:entities='http://www.opendatakit.org/xforms/entities'><h:head><model>"
        b"<instance><data><meta><entity dataset='households' update='1'/></meta>"
        b"<r><meta><entity dataset='employers' create=''/></meta></r></data></instance>"
        b"<bind nodeset='/data/address' entities:saveto='address'/><bind nodeset='/data/x'/>"
        b"</model></h:head></h:html>"
    )
    assert entity_form(form).datasets == ("households", "employers")
    assert entity_form(form).creates == {"employers"}
    assert entity_form(form).properties == {"/data/address": "address"}
    assert entity_form(b"<h/>").datasets == ()


def listed_entity(**changed: int) -> EntityVersion:
    digests = {name: digest(f"server's {name}") for name in ("address", "room", "last_visit")}
    return EntityVersion(max(changed.values(), default=1), "", digests, changed, "")


def judged(was: EntityVersion, own: set[int] = frozenset(), branch: str = "", **values: str):  # type: ignore[assignment]
    base = 'trunkVersion="1" baseVersion="4"' if branch else 'baseVersion="1"'
    block = block_of(f'dataset="households" id="{HOME}" update="1" {base} branchId="{branch}"')
    return disagreement(block, values, was, set(own))


def test_a_change_by_others_since_is_a_conflict_and_a_hard_one_where_values_differ():
    assert judged(listed_entity(address=1), address="other") == ("", [])
    assert judged(listed_entity(address=2), address="other") == ("hard", ["address"])
    assert judged(listed_entity(address=2), address="server's address") == ("soft", ["address"])
    assert judged(listed_entity(address=2), room="302") == ("soft", ["address"])
    assert judged(listed_entity(last_visit=5), address="other") == ("", [])


def test_a_branch_does_not_disagree_with_its_own_steps():
    was = listed_entity(address=2, room=3)
    assert judged(was, {2, 3}, BRANCH, address="other") == ("", [])
    assert judged(was, {2}, BRANCH, address="other", room="302") == ("hard", ["room"])
    assert judged(was, set(), BRANCH, address="other") == ("hard", ["address"])
