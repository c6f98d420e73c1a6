"""Which contributions belong to one entry, what the entry is called, and the uuids of keys (fold.md, Identity)."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest

from server.ledgers.identity.components import components
from server.ledgers.identity.keys import Key, key_uuid, owned_uuid
from tests.factories.contributions import History
from tests.factories.ledgers import uuid_of


def entries(history):
    """Name of a key → name of the entry it belongs to."""
    names = {
        uuid_of(f"{family} {key}"): key for family in ("person", "employer") for key in "abcde"
    }
    found = components(history.contributions)
    return {(family, names[key]): names[entry] for (family, key), entry in found.items()}


def test_contributions_that_share_a_key_are_one_entry():
    history = History()
    history.state("person", "b", "2026-01-02", also=["c"])
    history.state("person", "a", "2026-01-01", also=["b"])
    history.state("person", "d", "2026-01-03")
    assert entries(history) == {
        ("person", "a"): "a",  # the first key of the earliest contribution
        ("person", "b"): "a",
        ("person", "c"): "a",
        ("person", "d"): "d",
    }


def test_the_order_of_arrival_names_nothing():
    history = History()
    for day, name, also in (("03", "a", "b"), ("01", "c", "d"), ("02", "b", "c"), ("04", "d", "e")):
        history.state("person", name, f"2026-01-{day}", also=[also])
    expected = {("person", key): "c" for key in "abcde"}
    for contributions in itertools.permutations(history.contributions):
        history.contributions = list(contributions)
        assert entries(history) == expected


def test_families_do_not_mix():
    history = History()
    history.state("person", "a", "2026-01-01", also=["b"])
    history.state("employer", "b", "2026-01-01")
    assert entries(history)["employer", "b"] == "b"


def test_an_entitys_own_uuid_is_its_key():
    name = uuid_of("person a")
    assert key_uuid("person", Key("id", name)) == UUID(name)


@pytest.mark.parametrize(
    "other",
    [
        ("person", Key("id_no", "449901197005010021")),
        ("person", Key("document", "449901197005010013")),
        ("household", Key("id_no", "449901197005010013")),
    ],
)
def test_other_keys_differ_by_family_kind_and_value(other):
    key = Key("id_no", "449901197005010013")
    assert key_uuid("person", key) == key_uuid("person", Key(*key))
    assert key_uuid("person", key) != key_uuid(*other)


def test_what_an_entry_owns_has_a_uuid_of_its_own():
    assert owned_uuid("a", "spell/1") == owned_uuid("a", "spell/1")
    assert len({owned_uuid("a", "1"), owned_uuid("a", "2"), owned_uuid("b", "1")}) == 3
