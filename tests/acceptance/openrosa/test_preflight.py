"""What a phone asks before it sends (items 95–100)."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import Line, is_refused


def head(line: Line, query: str = "?deviceID=collect%3Aabc") -> requests.Response:
    return line.http.head(f"{line.base}/submission{query}", timeout=30, allow_redirects=False)


@item(95, "P01")
def test_head_gives_204(line: Line) -> None:
    assert head(line).status_code == 204


@item(96, "P02")
def test_head_says_the_version(line: Line) -> None:
    assert head(line).headers["X-OpenRosa-Version"] == "1.0"


@item(97, "P03")
def test_head_says_how_much_may_be_sent(line: Line) -> None:
    limit = head(line).headers["X-OpenRosa-Accept-Content-Length"]
    assert limit.isascii()
    assert limit.isdigit()
    assert int(limit) >= 10_000_000


@item(98, "P04")
def test_head_has_no_body(line: Line) -> None:
    status, headers, body = line.raw(line.head_lines("HEAD", "/submission", "Connection: close"))
    assert (status, body) == (204, b"")
    lines = headers.lower().splitlines()
    assert [header for header in lines if header.startswith("content-length:")] in (
        [],
        ["content-length: 0"],
    )
    assert not [header for header in lines if header.startswith("transfer-encoding:")]


@item(99, "P05")
def test_head_leads_to_no_other_host(line: Line) -> None:
    location = head(line).headers.get("Location")
    assert location is None or urlsplit(location).netloc == line.address.netloc


@item(100, "P06")
def test_head_without_a_device_and_get_are_clean(line: Line) -> None:
    assert head(line, "").status_code == 204
    assert is_refused(line.get("/submission"))
