"""Two streets with a survey each, the accounts that send to them by every door, and a dump of one street's ledgers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client

from server.ledgers.definitions.ledgers import LEDGERS
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.ledgers import Filled, id_number, make_versions, member, uuid_of

HERE, THERE = COMMUNITY, OTHER_STREET_COMMUNITY
OTHER_STREET = THERE[:9]
PASSWORD = "correct horse"
HOME, PERSON, FIRM = uuid_of("their home"), uuid_of("their person"), uuid_of("their firm")
USCC = "91110000600037341L"
Sending = Callable[[bytes, str], Any]
"""send(document, form_id) → the response"""


def written(filled: Filled, name: str, *, edits: str = "", block: str = "") -> bytes:
    """The filled form as a phone sends it, its instanceID made of the name."""
    document = filled.xml(instance_named(name)).decode()
    head = f'<data id="{form_of(filled)}" version="1">'
    meta = f"<meta>{block}"
    if edits:
        meta += f"<deprecatedID>{edits}</deprecatedID>"
    return document.replace("<data>", head, 1).replace("<meta>", meta, 1).encode()


def form_of(filled: Filled) -> str:
    return f"ledger_{filled.form}"


def instance_named(name: str) -> str:
    return f"uuid:{uuid_of(name)}"


def theirs() -> list[tuple[Filled, str]]:
    """What stands in the other street: a household with a person, a visit, an employer with a vacancy."""
    survey = Filled(
        community=THERE,
        household_id=HOME,
        household={"address": "邻街1号", "dibao_status": "1"},
        members=[
            member(key="their person", name="李二", id_no=id_number("1970-05-01", 1), edu="70")
        ],
    )
    visit = Filled(
        form="home_visit",
        community=THERE,
        visited_at="2026-03-05T09:00:00+08:00",
        person_id=PERSON,
        household_id=HOME,
        person={"emp_status": "21"},
    )
    firm = Filled(
        form="employer",
        community=THERE,
        employer_id=FIRM,
        household={"name": "邻厂", "uscc": USCC, "n_staff": "5"},
        members=[{"title": "保安", "n_wanted": "2"}],
    )
    return [(survey, "their survey"), (visit, "their visit"), (firm, "their firm survey")]


def dump(area: str) -> str:
    """Every canonical row of the area, of every table of the ledgers and of its records, as text."""
    of_area = {model._meta.db_table: "area_code like %(area)s" for model in LEDGERS.values()}
    of_area |= dict.fromkeys(
        (
            "ledgers_contribution",
            "ledgers_ledgerexception",
            "ledgers_listedentity",
            "datasets_entity",
            "reports_filing",
        ),
        "area_code like %(area)s",
    )
    of_area["ledgers_membership"] = (
        "household_id in (select id from ledgers_household where area_code like %(area)s)"
    )
    # A record of the area about an entry that stands elsewhere makes the entry's keys no rows of the area.
    standing_elsewhere = " union all ".join(
        f"select id from {model._meta.db_table} where area_code not like %(area)s"
        for model in LEDGERS.values()
    )
    of_area["ledgers_identitykey"] = (
        "entry in (select entry from ledgers_contribution where area_code like %(area)s)"
        f" and entry not in ({standing_elsewhere})"
    )
    of_area["submissions_submission"] = "area_code like %(area)s"
    rows: dict[str, list[str]] = {table: [] for table in of_area}
    every = " union all ".join(
        f"select '{table}', row_to_json(t)::text from {table} t where {condition}"
        for table, condition in of_area.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{every} order by 1, 2", {"area": f"{area}%"})
        for table, row in cursor.fetchall():
            rows[table].append(row)
    return json.dumps(rows, ensure_ascii=False, indent=0)


@dataclass(frozen=True)
class TwoStreets:
    """The accounts of both streets, by name → door → how it sends."""

    doors: dict[str, Sending]
    neighbour: Sending
    staff_here: Any
    staff_there: Any


def multipart(document: bytes) -> tuple[bytes, str]:
    from urllib3.filepost import encode_multipart_formdata

    part = {"xml_submission_file": ("x.xml", document, "text/xml")}
    return encode_multipart_formdata(part, boundary="b0undary")


def by_token(token: str) -> Sending:
    def send(document: bytes, _form_id: str) -> Any:
        body, kind = multipart(document)
        return Client().post(f"/key/{token}/submission", body, content_type=kind)

    return send


def by_basic(username: str, password: str, path: str = "/odk/submission") -> Sending:
    proof = base64.b64encode(f"{username}:{password}".encode()).decode()

    def send(document: bytes, _form_id: str) -> Any:
        body, kind = multipart(document)
        return Client(headers={"authorization": f"Basic {proof}"}).post(
            path, body, content_type=kind, secure=True
        )

    return send


def by_digest(username: str, password: str) -> Sending:
    from tests.doors.openrosa.digest_client import DigestPhone

    def send(document: bytes, _form_id: str) -> Any:
        body, kind = multipart(document)
        phone = DigestPhone(username, password)
        return phone.send("POST", "submission", data=body, content_type=kind)

    return send


def by_program(username: str, password: str) -> Sending:
    """POST at /v1, as a program with a session."""

    def send(document: bytes, form_id: str) -> Any:
        body = json.dumps({"email": username, "password": password})
        session = Client().post("/v1/sessions", body, content_type="application/json").json()
        return Client(headers={"authorization": f"Bearer {session['token']}"}).post(
            f"/v1/projects/1/forms/{form_id}/submissions",
            document,
            content_type="application/xml",
        )

    return send


def make_two_streets(make_user: Callable[..., Any]) -> TwoStreets:
    """Forms, accounts and the neighbours' records, merged."""
    from server.accounts.services import add_worker
    from server.forms.models import FormAudience

    for version in make_versions().values():
        version.form.current_version = version
        version.form.save()
        FormAudience.objects.create(form=version.form, area="")
    staff_here = make_user("staff-here", area=STREET)
    staff_there = make_user("staff-there", area=OTHER_STREET)
    make_user("boss-here", role="administrator", area=STREET)
    worker = add_worker(username="worker-here", areas=[HERE], actor=None)
    neighbour = by_token(add_worker(username="worker-there", areas=[THERE], actor=None).token)
    streets = TwoStreets(
        doors={
            "token of a worker": by_token(worker.token),
            "digest of a worker": by_digest("worker-here", worker.password),
            "basic of a worker": by_basic("worker-here", worker.password),
            "basic of staff": by_basic("staff-here", PASSWORD),
            "basic of an administrator": by_basic("boss-here", PASSWORD),
            "v1 of a worker": by_program("worker-here", worker.password),
            "v1 of staff": by_program("staff-here", PASSWORD),
            "v1 of an administrator": by_program("boss-here", PASSWORD),
        },
        neighbour=neighbour,
        staff_here=staff_here,
        staff_there=staff_there,
    )
    for filled, name in theirs():
        response = neighbour(written(filled, name), form_of(filled))
        assert response.status_code == 201, response.content
    drain_now()
    return streets


def office(user: Any) -> Client:
    """A browser of office staff."""
    client = Client()
    client.force_login(user)
    return client


def accept(user: Any, item: Quarantined) -> Any:
    """The answer to office staff who take a quarantined record after all."""
    return office(user).post(
        f"/api/v1/quarantine/{item.pk}/replay/", {}, content_type="application/json"
    )
