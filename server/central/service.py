"""What the tables and lists of /v1 share: their address, OData's version, JSON that streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from server.central.door import Asked
from server.central.problems import ODataTooOld
from server.central.shapes import PROJECT

JSON: Final = "application/json; odata.metadata=minimal; charset=utf-8"
PIECE: Final = 1 << 16
"""So many characters are written at a time."""


def check_version(asked: Asked) -> None:
    """Raises ODataTooOld."""
    most = asked.request.headers.get("OData-MaxVersion", "").strip()
    if most.partition(".")[0] in ("0", "1", "2", "3"):
        raise ODataTooOld


def address(asked: Asked, kind: str, name: str) -> str:
    """The address of the service, as the client reaches it; `kind` is forms or datasets."""
    request = asked.request
    host = settings.RUHU_BASE_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    return f"{host}/v1/projects/{PROJECT}/{kind}/{quote(name, safe='')}.svc"


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def as_list(rows: Iterable[str]) -> Iterator[str]:
    """A list of what is JSON already, a thousand at a time."""
    rest = iter(rows)
    yield "["
    is_first = True
    while piece := ",".join(islice(rest, 1000)):
        yield piece if is_first else f",{piece}"
        is_first = False
    yield "]"
