"""A client for the conformance tests: builds uploads in every variant, byte by byte where needed."""

from __future__ import annotations

import http.client
import itertools
import secrets
import socket
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import requests

from tests.acceptance.office import Office

FORM, OLD, VERSION = "conformance_probe", "1", "2"
OTHER = "conformance_other"
SEALED = "conformance_sealed"
MESSAGE = "{http://openrosa.org/http/response}message"
SENT = (201, 202)
XML_PART = "xml_submission_file"
JPEG = b"\xff\xd8\xff\xe0 a photo \r\n--with something like a boundary\r\n\xff\xd9"
HEADERS = {"X-OpenRosa-Version": "1.0", "User-Agent": "org.odk.collect.android/v2026.2.1"}

_numbers = itertools.count(1)


def new_id() -> str:
    return f"uuid:{secrets.token_hex(4)}-0000-4000-8000-{next(_numbers):012}"


def record(
    instance_id: str,
    *,
    name: str = "张三",
    body: str = "",
    form: str = FORM,
    version: str = VERSION,
    deprecated: str = "",
    photo: str = "",
) -> bytes:
    """An instance of the probe form."""
    edits = f"<orx:deprecatedID>{escape(deprecated)}</orx:deprecatedID>" if deprecated else ""
    return (
        f'<?xml version=\'1.0\' ?><data id="{form}" version="{version}"'
        ' xmlns:orx="http://openrosa.org/xforms">'
        f"<name>{escape(name)}</name><n>3</n><photo>{escape(photo)}</photo><photo2/>"
        f"<items><what>一</what></items>{body}"
        f"<orx:meta><orx:instanceID>{escape(instance_id)}</orx:instanceID>{edits}</orx:meta></data>"
    ).encode()


def part(
    content: bytes,
    name: str = XML_PART,
    filename: str | None = "入户 调查.xml",
    headers: Iterable[str] = ("Content-Type: text/xml",),
) -> bytes:
    """A part of a multipart body without its boundary."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    return "\r\n".join((disposition, *headers)).encode() + b"\r\n\r\n" + content


def photo(name: str, content: bytes = JPEG, kind: str = "Content-Type: image/jpeg") -> bytes:
    return part(content, name, name, (kind,) if kind else ())


def field(name: str, value: str) -> bytes:
    return part(value.encode(), name, None, ())


def body_of(parts: Iterable[bytes], boundary: str) -> bytes:
    delimiter = f"--{boundary}".encode()
    return b"".join(b"%b\r\n%b\r\n" % (delimiter, part) for part in parts) + delimiter + b"--\r\n"


class Line:
    """A phone with its base URL, and an administrator's session that reads what was stored."""

    def __init__(
        self,
        office: Office,
        base: str,
        staff: requests.Session,
        password: tuple[str, str] = ("", ""),
        qr: str = "",
    ) -> None:
        self.office, self.base, self.staff = office, base, staff
        self.password, self.qr = password, qr
        self.http = requests.Session()
        self.http.headers.update(HEADERS)
        self.address = urlsplit(base)

    # --- reading from the OpenRosa door ---

    def get(self, path: str, **headers: str) -> requests.Response:
        """A GET below the base or of a whole address, with the query as given."""
        url = path if path.startswith("http") else f"{self.base}{path}"
        return self.http.get(url, headers=headers, timeout=30, allow_redirects=False)

    def xml(self, path: str) -> ElementTree.Element:
        response = self.get(path)
        assert response.status_code == 200, (response.status_code, response.text[:300])
        return ElementTree.fromstring(response.content)

    # --- sending ---

    def post(
        self,
        *parts: bytes,
        boundary: str = "",
        content_type: str = "",
        query: str = "?deviceID=collect%3Aabc",
        headers: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> requests.Response:
        boundary = boundary or secrets.token_hex(12)
        content_type = content_type or f"multipart/form-data; boundary={boundary}"
        return self.post_body(body_of(parts, boundary), content_type, query, headers, session)

    def post_body(
        self,
        body: object,
        content_type: str | None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> requests.Response:
        sent = {**(headers or {}), **({"Content-Type": content_type} if content_type else {})}
        return (session or self.http).post(
            f"{self.base}/submission{query}",
            data=body,  # type: ignore[arg-type]
            headers=sent,
            timeout=60,
            allow_redirects=False,
        )

    def send(self, document: bytes, **files: bytes) -> requests.Response:
        """As Collect does it; the files' names are keys with `__` for the dot."""
        named = {name.replace("__", "."): content for name, content in files.items()}
        return self.post(part(document), *(photo(*file) for file in named.items()))

    def raw(self, request: bytes, *, close_writing: bool = False) -> tuple[int, str, bytes]:
        """Status, headers and body of a request written byte by byte; status 0 when none came."""
        with self.connect() as line:
            line.sendall(request)
            if close_writing:
                line.shutdown(socket.SHUT_WR)
            return read_answer(line)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.address.hostname, self.address.port), timeout=30)

    def head_lines(self, method: str, path: str, *headers: str) -> bytes:
        lines = (f"{method} {self.address.path}{path} HTTP/1.1", f"Host: {self.address.netloc}")
        return "\r\n".join((*lines, *headers, "", "")).encode()

    # --- reading what was stored, over REST ---

    def count(self, instance_id: str, form: str = FORM) -> int:
        """How many submissions with this instanceID are stored."""
        response = self.ask("submissions/", form=form, search=instance_id)
        return sum(row["instance_id"] == instance_id for row in response.json()["results"])

    def document(self, instance_id: str, form: str = FORM) -> bytes:
        """The current version's bytes."""
        return self.ask(f"submissions/{instance_id}/xml/", form=form, reason="conformance").content

    def files(self, instance_id: str) -> dict[str, bytes]:
        """The current version's files."""
        path = f"submissions/{instance_id}/attachments/"
        names = [attachment["name"] for attachment in self.ask(path, form=FORM).json()]
        return {name: self.ask(f"{path}{_quoted(name)}/", form=FORM).content for name in names}

    def versions(self, instance_id: str) -> list[str]:
        """instanceIDs of all versions, oldest first."""
        versions = self.ask(f"submissions/{instance_id}/", form=FORM).json()["versions"]
        versions.sort(key=lambda version: version["received_at"])
        return [version["instance_id"] for version in versions]

    def quarantined(self, instance_id: str) -> list[dict[str, Any]]:
        """The quarantine items with this instanceID."""
        items = self.ask("quarantine/", ordering="-received_at", page_size="50").json()["results"]
        return [item for item in items if item["instance_id"] == instance_id]

    def ask(self, path: str, **query: str) -> requests.Response:
        response = self.staff.get(f"{self.office.url}/api/v1/{path}", params=query, timeout=30)
        assert response.status_code == 200, (path, response.status_code, response.text[:300])
        return response


def read_answer(line: socket.socket) -> tuple[int, str, bytes]:
    """The next answer on a connection."""
    answer = http.client.HTTPResponse(line)
    try:
        answer.begin()
        while answer.status == 100:
            answer.begin()
        body = answer.read()
    except (http.client.HTTPException, OSError):
        return 0, "", b""
    return answer.status, str(answer.headers), body


def message_of(response: requests.Response) -> str:
    """The message of an OpenRosaResponse, by the rules of Collect's parser."""
    assert "<message" in response.text
    text = ElementTree.fromstring(response.content).findtext(MESSAGE)
    assert text
    return text


def is_refused(response: requests.Response) -> bool:
    """Whether it is a proper refusal: status 4xx with a message."""
    return 400 <= response.status_code < 500 and bool(message_of(response))


def _quoted(name: str) -> str:
    return requests.utils.quote(name, safe="")
