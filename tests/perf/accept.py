"""How many household submissions a second the accept path takes, and what each costs.

    python tests/perf/accept.py [--processes 2] [--seconds 10] [--clients 16] [--photo-kb 0]
                                [--stored 1000000]

Uses the database of DATABASE_URL (migrated if need be; fsync must be on for the figures to
mean anything), publishes xlsforms/household_survey.xlsx, makes a worker, starts gunicorn as
`./ruhu up` does, and sends the demo's households of about three members, each under new
instanceIDs, from blocking sockets, one process a client. Prints a table, then one JSON
object. `--url BASE` measures a server that runs already (BASE is a worker's Collect
address) with generated instances of 9 KB; the form must be published there.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

from server.ops.setup.serving import usual_processes  # noqa: E402
from tests.factories.submissions import VERSION, household_instance, instance_id  # noqa: E402
from tests.perf.load import Load, Request, django, drive, show, web_server  # noqa: E402

BOUNDARY = b"ruhu-load-7d1c0a"
VARIANTS = 200
MARK = "00000000-0000-4000-8000-000000000000"  # where each request's own id goes
BATCH = 50_000

_COPY = """
with sample as (
    select version.*, submission.area_code, row_number() over () as nr, count(*) over () as n
      from (select * from submissions_submissionversion where deprecated_id = '' limit 1000) version
      join submissions_submission submission on submission.id = version.submission_id
), copied as (
    select nextval('submissions_submission_id_seq') as submission_id,
           nextval('submissions_submissionversion_id_seq') as version_id,
           'uuid:' || gen_random_uuid() as instance_id,
           sample.received_at - random() * interval '2 years' as received_at,
           sample.form_id, form_version_id, sha256, document, size, field_account_id,
           submitter_id, device_id, user_agent, area_code
      from generate_series(1, %s) as copy (nr)
      join sample on sample.nr = copy.nr %% sample.n + 1
), version as (
    insert into submissions_submissionversion
           (id, submission_id, form_id, form_version_id, instance_id, deprecated_id, sha256,
            document, size, received_at, field_account_id, submitter_id, device_id, user_agent)
    select version_id, submission_id, form_id, form_version_id, instance_id, '', sha256,
           document, size, received_at, field_account_id, submitter_id, device_id, user_agent
      from copied
)
insert into submissions_submission
       (id, form_id, instance_id, current_version_id, review_state, submitter_id, received_at,
        area_code, title, located_area, flags, processed_at)
select submission_id, form_id, instance_id, version_id, 'approved', submitter_id, received_at,
       area_code, '', '', '[]', received_at
  from copied
"""


@dataclass(frozen=True)
class Template:
    """A request but for its instanceID, which has always 41 characters."""

    head: bytes
    tail: bytes

    def with_id(self, instance_id: bytes) -> bytes:
        return self.head + instance_id + self.tail


def main() -> None:
    options = _options()
    if options.url:
        documents = [_generated(number, options.form) for number in range(VARIANTS)]
        load = send(options, options.url, documents)
        load_figures, trips = load.figures(), {}
    else:
        django()
        documents, token = prepare()
        target = f"http://127.0.0.1:{options.port}/key/{token}"
        with web_server(options.port, options.processes) as pids:
            send(options, target, documents, seconds=1)  # what is stored is copied from this
            stored = top_up(options.stored)
            load = send(options, target, documents, pids)
        load_figures = load.figures()
        template = _templates(target, documents[:1], options.photo_kb)[0]
        trips = {"sql_round_trips": _round_trips(target, template), "stored_before": stored}
    show(
        {
            **load_figures,
            **trips,
            "document_bytes": sum(map(len, documents)) // len(documents),
            "photo_kb": options.photo_kb,
            "processes": options.processes,
            "clients": options.clients,
        }
    )


def send(
    options: argparse.Namespace,
    target: str,
    documents: list[bytes],
    pids: dict[str, int] | None = None,
    seconds: float | None = None,
) -> Load:
    """The documents under new instanceIDs, from `options.clients` phones at once."""
    templates = _templates(target, documents, options.photo_kb)
    requests = [_requests(templates[n :: options.clients]) for n in range(options.clients)]
    return drive(target, requests, seconds or options.seconds, expected=201, pids=pids)


def _requests(templates: list[Template]) -> Request:
    return lambda turn: templates[turn % len(templates)].with_id(f"uuid:{uuid.uuid4()}".encode())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--processes", type=int, default=usual_processes(), help="gunicorn processes"
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--photo-kb", type=int, default=0, help="send a photo of this size too")
    parser.add_argument("--stored", type=int, default=0, help="records to be there beforehand")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--url", default="", help="a worker's Collect address on a running server")
    parser.add_argument("--form", default="household_survey", help="with --url: the form's id")
    return parser.parse_args()


STREET = "440106003"
"""The area of the phones: the documents name all communities of the demo's street."""


def prepare(variants: int = VARIANTS) -> tuple[list[bytes], str]:
    """Publish the form and make a worker: what so many households say, and the worker's token."""
    from server.forms.services import publish
    from server.geo.models import Division, Level
    from tests.factories.submissions import make_phone

    Division.objects.get_or_create(
        code="440106003000", defaults={"level": Level.STREET, "name": "石牌街道"}
    )
    Division.objects.get_or_create(
        code="440106003001", defaults={"level": Level.COMMUNITY, "name": "示范一社区"}
    )
    workbook = ROOT / "xlsforms" / "household_survey.xlsx"
    version = publish(
        workbook=workbook.read_bytes(), filename=workbook.name, publisher=None, validate=False
    )
    phone = make_phone(f"load-{secrets.token_hex(4)}", STREET)
    return _households(bytes(version.xform), variants), phone.token


def _households(xform: bytes, variants: int) -> list[bytes]:
    """What the demo's census says of its households of two members and more."""
    from server.ops.demo import boundaries
    from server.ops.demo.instances import Template
    from server.ops.demo.plan import Calendar, Plan
    from server.ops.demo.population import population

    calendar = Calendar(until=date(2026, 11, 1), quarters=2)
    street = boundaries.street(seed=1, communities=2, recoded_on=calendar.recoded_on, moved=0)
    people = population(
        seed=1, communities=street.communities, households=3 * variants, on=calendar.begins
    )
    people.homes[:] = [home for home in people.homes if 2 <= len(home.members) <= 4]
    plan = Plan(
        seed=1,
        street=street,
        people=people,
        calendar=calendar,
        workers={community.code: "wang" for community in street.communities},
        list_uuid=lambda code: uuid.uuid5(uuid.NAMESPACE_URL, code),
    )
    template = Template(xform)
    surveys = [survey for survey in plan.census() if survey.form_id == "household_survey"]
    filled = [
        template.fill(
            survey.fill_in(Random(number)), instance_id=uuid.UUID(MARK), instance_name="入户"
        )
        for number, survey in enumerate(surveys)
    ]
    return sorted(filled, key=len)[-variants:]


def top_up(wanted: int) -> int:
    """Copy stored records under new instanceIDs until there are `wanted`; how many there are then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from submissions_submission")
        stored: int = cursor.fetchone()[0]
        lacking = max(wanted - stored, 0)
        for done in range(0, lacking, BATCH):
            cursor.execute(_COPY, [min(BATCH, lacking - done)])
        if lacking:
            cursor.execute("vacuum analyze submissions_submission, submissions_submissionversion")
    return stored + lacking


def _generated(number: int, form_id: str) -> bytes:
    document = household_instance(number, form_id=form_id, version=VERSION)
    return document.replace(instance_id(number).encode(), f"uuid:{MARK}".encode())


def _templates(target: str, documents: list[bytes], photo_kb: int) -> list[Template]:
    address = urlsplit(target)
    templates = []
    for document in documents:
        body = _part("xml_submission_file", "住户 2026-11-20.xml", b"text/xml", document)
        if photo_kb:
            photo = secrets.token_bytes(photo_kb * 1024)
            body += _part("1763600000000.jpg", "1763600000000.jpg", b"image/jpeg", photo)
        body += b"--" + BOUNDARY + b"--\r\n"
        head = (
            f"POST {address.path}/submission?deviceID=collect%3Aload HTTP/1.1\r\n"
            f"Host: {address.netloc}\r\nX-OpenRosa-Version: 1.0\r\n"
            "User-Agent: org.odk.collect.android/v2026.2.0 Dalvik/2.1.0\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
            f"Content-Length: {len(body)}\r\nAccept-Encoding: gzip\r\n\r\n"
        ).encode()
        before, _mark, after = body.partition(f"uuid:{MARK}".encode())
        templates.append(Template(head + before, after))
    return templates


def _part(name: str, filename: str, content_type: bytes, content: bytes) -> bytes:
    disposition = f'form-data; name="{name}"; filename="{filename}"'.encode()
    return b"".join(
        (b"--", BOUNDARY, b"\r\nContent-Disposition: ", disposition, b"\r\nContent-Type: ",
         content_type, b"\r\n\r\n", content, b"\r\n")
    )  # fmt: skip


def _round_trips(target: str, template: Template) -> int:
    """Statements sent to PostgreSQL for one submission."""
    from django.test import Client

    from tests.factories.statements import counted

    request = template.with_id(f"uuid:{uuid.uuid4()}".encode())
    body = request.partition(b"\r\n\r\n")[2]
    path = urlsplit(target).path + "/submission"
    content_type = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    Client().generic("POST", path, b"", content_type=content_type)  # connects
    with counted() as sent:
        answer = Client().generic("POST", path, body, content_type=content_type)
    assert answer.status_code == 201, answer.content
    return len(sent)


if __name__ == "__main__":
    main()
