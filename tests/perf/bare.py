"""The speed of a minimal Django view that accepts a record, to compare the accept path with.

    python tests/perf/bare.py [--seconds 10] [--clients 16]

Multipart by Django, the XML read by lxml, one statement that inserts the record and a job,
committed with fsync; gunicorn with four sync processes, psycopg through Django's cursor. No
account, no form, no ledger, no sealing, no index but the one that keeps instanceIDs apart.
The same records, clients and database server as tests/perf/accept.py: divide its figure by
this one. Machines differ by half and more; the quotient does not (architecture.md, Numbers to design for).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

TABLES = """
create table if not exists bare_record (
    id bigserial primary key, instance_id text unique not null, document bytea not null,
    received_at timestamptz not null default now());
create table if not exists bare_job (
    id bigserial primary key, record_id bigint not null, queued_at timestamptz not null default now());
truncate bare_record, bare_job;
"""
STORE = """
with record as (
    insert into bare_record (instance_id, document) values (%s, %s)
    on conflict (instance_id) do nothing returning id
)
insert into bare_job (record_id) select id from record
"""


def application() -> Any:
    """The WSGI application; gunicorn calls this in each process."""
    import django
    import environ
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path

    database = {**environ.Env().db_url("DATABASE_URL"), "CONN_MAX_AGE": None}
    settings.configure(
        DATABASES={"default": {**database, "ENGINE": "django.db.backends.postgresql"}},
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=(path("submission", _accept),),
    )
    django.setup(set_prefix=False)
    return WSGIHandler()


def _accept(request: Any) -> Any:
    from django.db import connection
    from django.http import HttpResponse
    from lxml import etree

    document = request.FILES["xml_submission_file"].read()
    instance_id = etree.fromstring(document).findtext(".//{*}instanceID")
    with connection.cursor() as cursor:
        cursor.execute(STORE, [instance_id, document])
    return HttpResponse(status=201)


def main() -> None:
    from tests.perf import accept, load

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--port", type=int, default=8767)
    parser.set_defaults(photo_kb=0)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "server.config.settings"
    load.django()
    documents, _token = accept.prepare()
    _make_tables()
    words = ("-m", "gunicorn", "tests.perf.bare:application()", "--workers", "4")
    with load.serving(options.port, *words, "--log-level", "warning") as pids:
        sent = accept.send(options, f"http://127.0.0.1:{options.port}", documents, pids)
    size = sum(map(len, documents)) // len(documents)
    load.show({**sent.figures(), "document_bytes": size, "clients": options.clients})


def _make_tables() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TABLES)


if __name__ == "__main__":
    main()
