"""Helps the views of tables and lists: service URLs, OData's version, JSON that is streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from server.central.endpoint import Call
from server.central.problems import ODataTooOld
from server.central.shapes import PROJECT

JSON: Final = "application/json; odata.metadata=minimal; charset=utf-8"
CHUNK: Final = 1 << 16
"""The number of characters that a streamed response collects before it sends them."""


def check_version(call: Call) -> None:
    """Raises ODataTooOld when the client accepts only OData below 4.0."""
    most = call.request.headers.get("OData-MaxVersion", "").strip()
    if most.partition(".")[0] in ("0", "1", "2", "3"):
        raise ODataTooOld


def service_url(call: Call, kind: str, name: str) -> str:
    """The absolute URL of an OData service; `kind` is forms or datasets."""
    request = call.request
    host = settings.RUHU_BASE_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    return f"{host}/v1/projects/{PROJECT}/{kind}/{quote(name, safe='')}.svc"


def as_json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_list(rows: Iterable[str]) -> Iterator[str]:
    """A JSON list of rows that are JSON already, a thousand at a time."""
    rest = iter(rows)
    yield "["
    is_first = True
    while piece := ",".join(islice(rest, 1000)):
        yield piece if is_first else f",{piece}"
        is_first = False
    yield "]"
