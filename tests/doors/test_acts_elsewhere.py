"""No act at any address by anybody of one street changes a canonical row of another (security.md, Authority on writes).

What senders write into records is tried by test_authority.py; here are the acts of all doors.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.factories import asked, leaks
from tests.factories.roles import OTHER_STREET
from tests.factories.two_areas import dump

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def worlds(divisions, make_user) -> Iterator[leaks.Worlds]:
    logging.disable(logging.CRITICAL)
    yield leaks.make(make_user)
    logging.disable(logging.NOTSET)


def test_no_act_on_what_is_theirs_changes_it(worlds):
    readers = [worlds.reader("north", role) for role in ("worker", "street", "administrator")]
    theirs, samples = worlds.sides["south"], worlds.samples["south"]
    before = dump(OTHER_STREET)
    moved = []
    for door in ("/api", "/v1", "/odk", ""):
        for address in asked.addresses(door):
            if not address.parameters:
                continue
            path = next(asked.paths(theirs, samples, address))
            for reader in readers:
                for method in UNSAFE:
                    _status, after = leaks.write(
                        reader.client(path), method, path, lambda: dump(OTHER_STREET)
                    )
                    if after not in ("", before):
                        moved.append(f"{reader.name} {method} {path}")
    assert moved == []


def test_the_same_acts_by_their_own_office_change_rows(worlds):
    """So that the test above is about something: theirs to decide, theirs to change."""
    theirs, samples = worlds.sides["south"], worlds.samples["south"]
    own, before = worlds.reader("south", "street"), dump(OTHER_STREET)
    changed = set()
    for address in asked.addresses("/api"):
        if address.parameters:
            path = next(asked.paths(theirs, samples, address))
            for method in UNSAFE:
                _status, after = leaks.write(
                    own.client(path), method, path, lambda: dump(OTHER_STREET)
                )
                if after not in ("", before):
                    changed.add(address.template)
    assert changed >= {
        "/api/v1/submissions/%(instance_id)s/review/",
        "/api/v1/exceptions/%(id)s/resolve/",
    }
