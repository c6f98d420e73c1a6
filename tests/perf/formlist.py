"""How many form lists a second the server answers; each phone fetches it at every start.

    python tests/perf/formlist.py [--processes 2] [--seconds 10] [--clients 16] [--forms 9]

Uses the database of DATABASE_URL, as accept.py does, and closes its other forms meanwhile: offers as
many forms as an office has, makes a phone for each client, and lets them ask for the list
over kept connections. Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

from server.ops.setup.serving import usual_processes  # noqa: E402
from tests.perf.load import Request, django, drive, show, web_server  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=usual_processes())
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--forms", type=int, default=9)
    parser.add_argument("--port", type=int, default=8766)
    options = parser.parse_args()
    django()
    tokens = _prepare(options.clients, options.forms)
    target = f"http://127.0.0.1:{options.port}"
    requests = [_request(token, options.port) for token in tokens]
    with _nothing_else_offered(), web_server(options.port, options.processes) as pids:
        load = drive(target, requests, options.seconds, expected=200, pids=pids)
    show({**load.figures(), "forms": options.forms, "processes": options.processes})


def _prepare(clients: int, forms: int) -> list[str]:
    """The forms, offered to everybody, and a phone for each client."""
    from server.forms.models import FormMedia, FormVersion
    from server.geo.models import Division, Level
    from tests.factories.submissions import make_form, make_phone

    for number in range(forms):
        if FormVersion.objects.filter(form__form_id=f"listed_{number}").exists():
            continue
        version = make_form(f"listed_{number}")
        FormMedia.objects.create(
            form_version=version, filename="households.csv", kind=FormMedia.Kind.ENTITY_LIST
        )
    Division.objects.get_or_create(
        code="440106003001", defaults={"level": Level.COMMUNITY, "name": "示范一社区"}
    )
    return [make_phone(f"list-{secrets.token_hex(4)}").token for _client in range(clients)]


@contextmanager
def _nothing_else_offered() -> Iterator[None]:
    """The forms of this test alone are open; the others are afterwards what they were."""
    from server.forms.models import Form

    mine = Form.objects.filter(form_id__startswith="listed_")
    others = list(Form.objects.exclude(pk__in=mine).filter(state=Form.State.OPEN))
    Form.objects.filter(pk__in=[form.pk for form in others]).update(state=Form.State.CLOSED)
    mine.update(state=Form.State.OPEN)
    try:
        yield
    finally:
        mine.update(state=Form.State.CLOSED)
        Form.objects.filter(pk__in=[form.pk for form in others]).update(state=Form.State.OPEN)


def _request(token: str, port: int) -> Request:
    sent = (
        f"GET /key/{token}/formList HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "X-OpenRosa-Version: 1.0\r\nAccept-Encoding: gzip\r\n"
        "User-Agent: org.odk.collect.android/v2026.2.0 Dalvik/2.1.0\r\n\r\n"
    ).encode()
    return lambda _turn: sent


if __name__ == "__main__":
    main()
