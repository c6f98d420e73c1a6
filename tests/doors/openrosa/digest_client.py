"""HTTP Digest as okhttp-digest does it in ODK Collect: no credentials before a challenge, then one nonce with rising counts."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from typing import Any

from django.test import Client


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def challenges(response: Any) -> list[str]:
    return [value for name, value in response.items() if name == "WWW-Authenticate"]


def challenge_of(response: Any) -> dict[str, str]:
    """The parts of the Digest challenge; there is exactly one, in a line of its own."""
    (line,) = (line for line in challenges(response) if line.startswith("Digest "))
    assert "Basic" not in line
    parameters = re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', line.removeprefix("Digest "))
    return {name: quoted or plain for name, quoted, plain in parameters}


class DigestPhone:
    """A phone that knows a user name and a password."""

    def __init__(self, username: str, password: str, base: str = "/odk") -> None:
        self.username, self.password, self.base = username, password, base
        self.challenge: dict[str, str] = {}
        self.client = Client()
        self.asked = 0
        self._counts = itertools.count(1)

    def answer(self, method: str, target: str, **changes: str) -> str:
        """The `Authorization` header; `changes` say otherwise than an honest client would."""
        parameters = {**self.challenge, **changes}
        parts = {
            "username": self.username,
            "realm": parameters["realm"],
            "nonce": parameters["nonce"],
            "uri": target,
            "cnonce": secrets.token_hex(8),
            "nc": f"{next(self._counts):08x}",
            "opaque": parameters["opaque"],
            **changes,
        }
        ha1 = md5(f"{parts['username']}:{parts['realm']}:{self.password}")
        ha2 = md5(f"{method}:{parts['uri']}")
        between = f"{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:auth"
        parts.setdefault("response", md5(f"{ha1}:{between}:{ha2}"))
        unquoted = f"nc={parts.pop('nc')}, qop=auth, algorithm=MD5"
        quoted = ", ".join(f'{name}="{value}"' for name, value in parts.items())
        return f"Digest {quoted}, {unquoted}"

    def send(self, method: str, path: str, **extra: Any) -> Any:
        """The request as Collect sends it: bare at first, again for a challenge it has not answered."""
        target = f"{self.base}/{path}"
        response = self._once(method, target, **extra)
        if response.status_code == 401:
            is_fresh = not self.challenge or challenge_of(response).get("stale") == "true"
            self.challenge = challenge_of(response)
            self._counts = itertools.count(1)
            if is_fresh:
                response = self._once(method, target, **extra)
        return response

    def _once(self, method: str, target: str, **extra: Any) -> Any:
        self.asked += 1
        if self.challenge:
            extra["HTTP_AUTHORIZATION"] = self.answer(method, target)
        return self.client.generic(method, target, **extra)
