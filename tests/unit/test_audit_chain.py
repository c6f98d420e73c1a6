"""Whoever changes, removes, adds or moves a link of the audit log's chain is found."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from server.audit.chain import GENESIS, Fault, Head, Link, check


def chain_of(contents: list[str]) -> list[Link]:
    """The links that the database would make of these contents."""
    links, previous = [], GENESIS
    for position, content in enumerate(contents, 1):
        own = hashlib.sha256(previous + content.encode()).digest()
        links.append(Link(position, position * 10, previous, own, content))
        previous = own
    return links


CHAINS = st.lists(st.text(max_size=5), min_size=2, max_size=12).map(
    lambda texts: chain_of([f"[{number},{text}]" for number, text in enumerate(texts)])
)


def head_of(links: list[Link]) -> Head:
    return Head(links[-1].position, links[-1].hash)


@given(CHAINS)
def test_an_untouched_chain_has_no_fault(links):
    heads = [Head(link.position, link.hash) for link in links]
    assert list(check(links, heads)) == []
    assert list(check([])) == []


@given(CHAINS, st.data())
def test_any_single_change_is_found_at_its_place(links, data):
    at = data.draw(st.integers(0, len(links) - 1))
    link = links[at]
    change = data.draw(
        st.sampled_from(
            [
                {"content": link.content + "x"},
                {"content": ""},
                {"hash": bytes(32)},
                {"previous": b"\1" * 32},
                {"position": link.position + 1},
                {"hash": b"", "previous": b""},
            ]
        )
    )
    faults = list(check([*links[:at], replace(link, **change), *links[at + 1 :]]))
    assert faults
    assert faults[0].position in (link.position, link.position + 1)


@given(CHAINS, st.data())
def test_any_removal_is_found_the_last_ones_by_the_head_written_down(links, data):
    first = data.draw(st.integers(0, len(links) - 1))
    last = data.draw(st.integers(first + 1, len(links)))
    faults = list(check(links[:first] + links[last:], [head_of(links)]))
    if last < len(links):
        assert faults[0].fault is Fault.CUT
        assert faults[0].position == links[last].position
    else:
        assert [fault.fault for fault in faults] == [Fault.HEAD]


@given(CHAINS, st.data())
def test_any_other_order_is_found(links, data):
    moved = data.draw(st.permutations(links))
    faults = list(check(moved))
    assert bool(faults) == (list(moved) != links)


@given(CHAINS, st.data())
def test_a_row_copied_in_is_found(links, data):
    at = data.draw(st.integers(0, len(links)))
    copy = data.draw(st.sampled_from(links))
    assert list(check([*links[:at], copy, *links[at:]]))


@given(CHAINS, st.data())
def test_a_chain_made_anew_is_found_by_the_heads_written_down(links, data):
    at = data.draw(st.integers(0, len(links) - 1))
    contents = [link.content for link in links]
    contents[at] += "x"
    faults = list(check(chain_of(contents), [Head(link.position, link.hash) for link in links]))
    assert [fault.position for fault in faults] == [link.position for link in links[at:]]
    assert {fault.fault for fault in faults} == {Fault.HEAD}


def test_a_head_is_read_from_the_line_it_was_written_in():
    head = Head(12, bytes(range(32)))
    for line in (
        str(head),
        f"2026-11-27T08:11:00+08:00 {head}\n",
        f"Nov 27 08:11:00 office ruhu[312]: audit head {head}",
    ):
        assert Head.read(line) == head
    for line in ("", "12:ab", f"x{head}", f"{head}x", f"12 {bytes(32).hex()}"):
        assert Head.read(line) is None
