"""Large files over the real web server: streamed to disk, and refused cleanly when too large."""

from __future__ import annotations

import os
import socket

from server.core.sealed_files import plain_size
from tests.acceptance.large import CHUNK, connected, send_large, status_of, web_memory
from tests.acceptance.office import Office
from tests.factories.submissions import instance

COMMUNITY = "440106003002"
MEGABYTES = int(os.environ.get("LARGE_UPLOAD_MB", "12"))  # tests/perf/uploads.py asks for 100


def test_a_large_file_leaves_the_web_processes_as_small_as_they_were(office: Office) -> None:
    base = str(office.add_worker("large", COMMUNITY)["base_url"])
    for number in range(4):  # each process has served once
        send_large(base, instance(9000 + number, form_id="none"), 1)
    before = web_memory(office)

    status, seconds = send_large(base, instance(9100, form_id="none"), MEGABYTES)

    grown = web_memory(office) - before
    print(f"{MEGABYTES} MB in {seconds:.1f} s, web processes grew by {grown / 1e6:.1f} MB")
    assert status == 404  # the form is not known: kept in the quarantine, file and all
    assert grown < 8_000_000
    stored = [path for path in (office.folder / "blobs").rglob("*") if path.is_file()]
    assert MEGABYTES * len(CHUNK) in {plain_size(path) for path in stored}


def test_an_upload_over_the_limit_is_refused_after_all_was_sent(office: Office) -> None:
    base = str(office.add_worker("larger", COMMUNITY)["base_url"])
    with connected(base, 600_000_000) as line:
        for _chunk in range(8):
            line.sendall(CHUNK)  # nobody is cut off while sending
        line.shutdown(socket.SHUT_WR)
        assert status_of(line) in (400, 413)
    with connected(base, 0) as line:
        assert status_of(line) == 400
