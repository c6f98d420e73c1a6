"""Which contributions belong to one entry, what the entry is called, and the uuids of keys (fold.md, Identity)."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest

from server.ledgers.identity import keys
from server.ledgers.identity.components import components
from server.ledgers.identity.keys import (
    RECOGNISED,
    Key,
    Offices,
    identity_of,
    key_uuid,
    owned_uuid,
    shared_uuid,
)
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
    for area in ("440106003001", "440106005001", ""):
        assert key_uuid("person", Key("id", name), area, Offices()) == UUID(name)


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
    assert shared_uuid("person", key) == shared_uuid("person", Key(*key))
    assert shared_uuid("person", key) != shared_uuid(*other)


HERE, NEXT_DOOR, THERE = "440106003001", "440106003002", "440106005001"
NUMBER = Key("id_no", "449901197005010013")
CODE = Key("uscc", "91110000600037341L")
JOB = Key("employer+title", "保安", (("employer", CODE),))


@pytest.mark.parametrize(
    ("family", "key"), [("person", NUMBER), ("employer", CODE), ("vacancy", JOB)]
)
def test_a_number_is_a_key_of_each_office_and_one_for_its_communities(family, key):
    offices = Offices()
    here = key_uuid(family, key, HERE, offices)
    assert key.kind in RECOGNISED
    assert here == key_uuid(family, key, NEXT_DOOR, offices)
    assert here == key_uuid(family, key, HERE[:9], offices)
    assert len({here, key_uuid(family, key, THERE, offices), shared_uuid(family, key)}) == 3


def test_a_county_can_keep_the_ledger_of_its_streets():
    offices = Offices(digits_of=lambda area: 6 if area.startswith("440106") else 9)
    assert key_uuid("person", NUMBER, HERE, offices) == key_uuid("person", NUMBER, THERE, offices)
    elsewhere = {key_uuid("person", NUMBER, f"44010500{n}001", offices) for n in (1, 2)}
    assert len(elsewhere) == 2


@pytest.mark.parametrize(
    ("family", "key"), [("person", NUMBER), ("employer", CODE), ("vacancy", JOB)]
)
def test_an_older_key_stays_with_the_office_that_had_it(family, key):
    """The vacancy's older key is kept because it is older, and its employer's because it is too."""
    kept = {
        str(shared_uuid(name, older)): HERE for name, older in ((family, key), ("employer", CODE))
    }
    offices = Offices(kept=kept)
    assert key_uuid(family, key, NEXT_DOOR, offices) == shared_uuid(family, key)
    assert key_uuid(family, key, THERE, offices) == key_uuid(family, key, THERE, Offices())


def test_a_vacancy_is_one_whether_its_employer_is_named_by_uuid_or_by_code():
    for kept in ({}, {str(shared_uuid("employer", CODE)): HERE}):
        offices = Offices(kept=kept)
        for area in (HERE, THERE):
            named = Key("id", str(key_uuid("employer", CODE, area, offices)))
            by_uuid = JOB._replace(owners=(("employer", named),))
            assert key_uuid("vacancy", by_uuid, area, offices) == key_uuid(
                "vacancy", JOB, area, offices
            )


def test_other_combined_keys_are_made_of_the_uuid_that_their_owner_has():
    home = Key("id", uuid_of("home"))
    key = Key("member_of+name", "陈一", (("household", home),))
    assert key_uuid("person", key, HERE, Offices()) == key_uuid("person", key, THERE, Offices())
    of_person = Key("person+name", "陈一", (("person", NUMBER),))
    assert key_uuid("visit", of_person, HERE, Offices()) != key_uuid(
        "visit", of_person, THERE, Offices()
    )


def test_an_identity_is_what_every_office_knows_and_says_its_kind():
    assert identity_of("person", NUMBER) == f"id_no:{shared_uuid('person', NUMBER)}"
    assert identity_of("person", Key("id", uuid_of("a"))) == identity_of("vacancy", JOB) == ""


def test_without_the_secret_of_the_database_nobody_is_named(monkeypatch):
    monkeypatch.setattr(keys, "_secret", None)
    with pytest.raises(keys.Unnamed):
        shared_uuid("person", NUMBER)


def test_what_an_entry_owns_has_a_uuid_of_its_own():
    assert owned_uuid("a", "spell/1") == owned_uuid("a", "spell/1")
    assert len({owned_uuid("a", "1"), owned_uuid("a", "2"), owned_uuid("b", "1")}) == 3
