"""No act at any address by anybody of one street changes a canonical row of another (security.md, Authority on writes).

Every address that changes something must have a body here by which the street that the thing
belongs to succeeds; the other street sends the same. More records are tried by test_authority.py.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from server.ledgers.definitions.ledgers import DEFINITIONS
from tests.factories import acts, asked, leaks
from tests.factories.acts import Sent
from tests.factories.addresses import Address
from tests.factories.roles import OTHER_STREET
from tests.factories.side import Side
from tests.factories.two_areas import dump

UNSAFE: Final = ("POST", "PUT", "PATCH", "DELETE")
DOORS: Final = ("/api", "/v1", "/odk", "/key", "")
ROLES: Final = ("worker", "street", "administrator")
_FORM: Final = "/v1/projects/1/forms/%(form)s"
_LIST: Final = "/v1/projects/1/datasets/%(name)s"
TAKES_MORE: Final = {
    "needs an administrator of both streets (test_form_authority.py)": {
        "POST /api/v1/forms/", "PATCH /api/v1/forms/%(form_id)s/", "PUT /api/v1/forms/%(form_id)s/audience/",
        "POST /v1/projects/1/forms", f"PATCH {_FORM}", f"POST {_FORM}/draft", f"DELETE {_FORM}/draft",
        f"POST {_FORM}/draft/attachments/%(name)s", f"POST {_FORM}/draft/publish", "POST /forms/publish",
        f"POST {_FORM}/draft/submissions",
        *(f"POST /forms/%(form_id)s/draft/{act}" for act in ("publish", "delete", "file")),
        "POST /forms/%(form_id)s/state", "POST /forms/%(form_id)s/approval", "POST /forms/%(form_id)s/audience",
        "POST /encryption/new", "POST /encryption/private-key",
        f"PATCH {_LIST}", f"POST {_LIST}/properties", "POST /lists/%(name)s/set-up",
        *(f"{method} {_FORM}/assignments/%(role)s/%(actor)s" for method in ("POST", "DELETE")),
    },
    "is refused as long as its subject is as it is here": {
        "POST /submissions/%(number)s/erase", "POST /api/v1/exceptions/%(id)s/undo/", "POST /exceptions/%(number)s/reopen", "POST /api/v1/links/%(id)s/acts/%(act)s/undo/",
        f"POST {_LIST}/entities/%(entity)s/restore", f"POST {_LIST}/entities/bulk-restore", "POST /lists/%(name)s/%(uuid)s/restore",
        f"POST {_FORM}/submissions/%(instance)s/restore", f"POST {_FORM}/submissions/%(instance)s/attachments/%(name)s",
        "POST /permits/%(number)s", "POST /api/v1/export-permits/%(id)s/consent/",
        "POST /api/v1/export-permits/%(id)s/refuse/", "POST /api/v1/export-permits/%(id)s/withdraw/",
        "POST /api/v1/imports/%(id)s/undo/", "POST /api/v1/imports/%(id)s/restore/",
    },
    "deletes what only its owner may, and nobody saved here (tests/doors/console/test_saved_views.py)": {
        "POST /saved-views/%(number)s/delete",
    },
    "needs an administrator of the county (tests/doors/test_division_changes.py)": {
        "POST /api/v1/division-changes/", "POST /api/v1/division-changes/preview/", "POST /api/v1/division-changes/%(id)s/undo/",
        "POST /divisions/changes", "POST /divisions/changes/%(number)s/undo",
    },
    "needs a second entry (test_settling.py)": {
        f"POST /api/v1/{path}/%(id)s/{act}/"
        for path in ("persons", "households", "employers") for act in ("same", "not-same")
    },
    "needs somebody who seeks work and an open vacancy (tests/doors/test_matching.py)": {
        "POST /api/v1/persons/%(id)s/suggest/", "POST /api/v1/vacancies/%(id)s/suggest/",
        "POST /persons/%(entry)s/suggest",
    },
    "takes a file, which is not sent here (tests/doors/console/test_lists.py, tests/doors/test_imports.py)": {
        "POST /lists/%(name)s/upload", "POST /api/v1/imports/", "POST /imports",
    },
    "only shows a form to fill in (tests/doors/console/test_enter.py)": {"POST /enter/%(form_id)s"},
    "links an account to the office's own sign-in, which is not set up here": {
        "PUT /api/v1/users/%(username)s/sign-in/", "DELETE /api/v1/users/%(username)s/sign-in/",
        "POST /people/%(user_id)s/link", "POST /people/%(user_id)s/unlink",
    },
    "publishes forms by Briefcase, which the server does not take": {
        "POST /odk/upload", "POST /key/%(token)s/upload",
    },
    "needs the token of a draft, whose records are in no street (tests/doors/test_drafts_tried.py)": {
        "POST /v1/test/%(token)s/projects/1/forms/%(form)s/draft/submission",
    },
    "says that nothing is there": {
        f"{method} {address}" for method in UNSAFE for address in ("/api/v1/", "/api/", "/v1/", "/v1")
    },
}  # fmt: skip
"""Acts at which the own street does not succeed in this test, and why. All others must have a body in acts.py."""
WITH_ACT: Final = {"persons", "cases"}
"""Ledgers at whose entries the sample act is undone."""


def of_ledgers() -> set[str]:
    """Acts on entries of ledgers at which the own street does not succeed: an act is undone only at the entry that it is about."""
    return {
        f"POST {address.template}"
        for address in asked.addresses("/api")
        if (match := OF_LEDGER.fullmatch(address.template))
        and match[1] in asked.PATHS
        and match[2].endswith("undo")
        and match[1] not in WITH_ACT
    }


def _is_restricted(address: Address) -> bool:
    """Whether the address is about a ledger that only the restricted role may read."""
    match = OF_LEDGER.fullmatch(address.template)
    ledger = asked.PATHS.get(match[1]) if match else None
    return ledger is not None and DEFINITIONS[ledger].is_restricted


OF_LEDGER: Final = re.compile(
    r"/api/v1/([a-z-]+)/(?:%\(id\)s/)?(correct|void|reveal|find|moves|acts/%\(act\)s/undo)/"
)
CHANGING: Final = {
    "POST /api/v1/submissions/%(instance_id)s/review/",
    "DELETE /api/v1/submissions/%(instance_id)s/",
    "POST /api/v1/exceptions/%(id)s/resolve/",
    "POST /desk-acts/%(number)s/undo",
    "POST /api/v1/reports/filings/%(id)s/acts/",
    "POST /reports/filings/%(number)s/act",
    f"PATCH {_FORM}/submissions/%(instance)s",
    f"DELETE {_FORM}/submissions/%(instance)s",
    f"POST {_LIST}/entities",
    f"PATCH {_LIST}/entities/%(entity)s",
    f"DELETE {_LIST}/entities/%(entity)s",
    f"POST {_LIST}/entities/bulk-delete",
    *(
        f"{method} {address}: {name}"
        for method, address in (
            ("POST", f"{_FORM}/submissions"),
            ("POST", "/odk/submission"),
            ("POST", "/enter/%(form_id)s/send"),
            ("POST", "/key/%(token)s/submission"),
        )
        for name in ("a record of the side's community", "a correction of the side's record")
    ),
    f"PUT {_FORM}/submissions/%(instance)s: a correction of the side's record",
    "POST /odk/submission: an update of the side's household",
}
"""Acts by which the own street changes rows, so that the test is about something."""


@pytest.fixture
def worlds(divisions, make_user) -> Iterator[leaks.Worlds]:
    logging.disable(logging.CRITICAL)
    yield leaks.make(make_user)
    logging.disable(logging.NOTSET)


def tried(
    worlds: leaks.Worlds,
    reader: leaks.Reader,
    about: Side,
    closed: set[str],
    asks: Callable[[Address], bool] = lambda _address: True,
) -> Iterator[tuple[str, str, int, str]]:
    """Each act of the reader on what is the side's: how, its address, the status, and the other street's rows after it.

    `closed` collects what no address takes from anybody (405, 501), so that it is tried once.
    """
    samples = worlds.samples["south"]
    for door in DOORS:
        for address in filter(asks, asked.addresses(door)):
            own_token = {"/key/%(token)s": worlds.sides[reader.side].token}
            path = next(asked.paths(about, {**samples, **own_token}, address))
            for method in UNSAFE:
                if f"{method} {address.template}" in closed:
                    continue
                for sent in acts.sent_to(method, address.template, about):
                    to = path + acts.QUERIES.get((method, address.template), "")
                    status, rows = acts.write(
                        reader.client(path), method, to, sent, lambda: dump(OTHER_STREET)
                    )
                    if status in (405, 501):
                        closed.add(f"{method} {address.template}")
                        break
                    yield named(method, address, sent), f"{method} {address.template}", status, rows


def named(method: str, address: Address, sent: Sent) -> str:
    return f"{method} {address.template}" + (f": {sent.name}" if sent.name else "")


def test_no_act_on_what_is_theirs_changes_it(worlds):
    theirs, before = worlds.sides["south"], dump(OTHER_STREET)
    moved, succeeded, refused = [], set(), set()
    changing: set[str] = set()
    closed: set[str] = set()
    asking = [(role, "", lambda _address: True) for role in ROLES]
    for role, restricted, asks in (*asking, ("street", "restricted", _is_restricted)):
        strangers = worlds.reader("north", role, restricted and "north")
        owners = worlds.reader("south", role, restricted and "south")
        for act, _address, _status, rows in tried(worlds, strangers, theirs, closed, asks):
            if rows not in ("", before):
                moved.append(f"{role} {restricted} {act}")
        for act, address, status, rows in tried(worlds, owners, theirs, closed, asks):
            (succeeded if status < 400 else refused).add(address)
            if rows not in ("", before):
                changing.add(act)
    assert moved == []
    unknown = refused - succeeded
    known = set().union(*TAKES_MORE.values(), of_ledgers())
    assert unknown == known, "give acts.py a body by which its own street succeeds, or say why not"
    assert changing >= CHANGING


def test_no_repair_of_an_own_record_makes_it_theirs(worlds):
    """A desk repairs an item of its own into a record of the other street, and accepts it."""
    north, theirs = worlds.sides["north"], worlds.sides["south"]
    before = dump(OTHER_STREET)
    path = f"/api/v1/quarantine/{north.item.pk}"
    note = b'{"reason": "look"}'
    for role in ("street", "administrator"):
        client = worlds.reader("north", role).client(path)
        steps = [
            (
                client,
                "POST",
                f"{path}/repair/",
                Sent("", acts.repaired(theirs), "application/json"),
            ),
            (client, "POST", f"{path}/replay/", Sent("", note, "application/json")),
        ]
        statuses, rows = acts.write_all(steps, lambda: dump(OTHER_STREET))
        assert (statuses, rows) == ([201, 200], before)
