"""An HTTP client that sends the target unchanged and returns the header lines one by one."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass

from tests.acceptance.office import Office


@dataclass
class Answer:
    status_code: int
    lines: list[tuple[str, str]]
    content: bytes

    def items(self) -> Iterator[tuple[str, str]]:
        """The header lines; those of the same name are not joined."""
        return iter(self.lines)


class Wire:
    """A client of the office; for TLS it sends the X-Forwarded-Proto of a proxy that ends TLS."""

    def __init__(self, office: Office, *, tls: bool = False) -> None:
        self._port, self._scheme = office.port, "https" if tls else "http"

    def generic(
        self,
        method: str,
        target: str,
        data: bytes | None = None,
        content_type: str = "",
        HTTP_AUTHORIZATION: str | bytes = "",
    ) -> Answer:
        """Has the signature of the Django test client, so that DigestPhone can use either."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers: dict[str, str | bytes] = {"X-Forwarded-Proto": self._scheme}
        if content_type:
            headers["Content-Type"] = content_type
        if HTTP_AUTHORIZATION:
            sent = HTTP_AUTHORIZATION
            headers["Authorization"] = sent.encode() if isinstance(sent, str) else sent
        try:
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
