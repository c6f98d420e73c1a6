"""A small identity provider that speaks OpenID Connect on this machine, for tests of the office's sign-in."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "ruhu-tests", "a secret of 32 characters or more"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A signing key: "own" is the provider's, others are a stranger's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """What the provider answers, and what it was asked."""

    address: str = ""
    subject: str = "s-1"
    says: dict[str, Any] = field(default_factory=dict)  # claims in the place of the right ones
    leaves_out: tuple[str, ...] = ()
    signs_with: str = "own"
    is_down: bool = False
    asked: dict[str, str] = field(default_factory=dict)  # the latest request for a log-in
    granted: dict[str, dict[str, str]] = field(default_factory=dict)  # code → that request
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes once the person has logged in here."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        self.asked = query
        code = secrets.token_urlsafe(12)
        self.granted[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return f"{query['redirect_uri']}?{back}"

    def exchange(self, given: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, None when the client, the code or the verifier is wrong."""
        self.exchanged.append(given)
        asked = self.granted.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return None
        if (given["client_id"], given["client_secret"]) != (CLIENT, SECRET):
            return None
        assert given["redirect_uri"] == asked["redirect_uri"]
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
            **self.says,
        }
        claims = {name: value for name, value in claims.items() if name not in self.leaves_out}
        if self.signs_with in ("none", "secret"):
            secret = SECRET if self.signs_with == "secret" else None
            algorithm = "HS256" if secret else "none"
            return jwt.encode(claims, secret, algorithm=algorithm, headers={"kid": "k1"})
        return jwt.encode(claims, key(self.signs_with), algorithm="RS256", headers={"kid": "k1"})

    def published(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key("own").public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, serving on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if provider.is_down:
                self.send_error(503)
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            elif parts.path == "/keys":
                self._send(provider.keys())
            else:
                self._send(provider.published())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = None if provider.is_down else provider.exchange(given)
            self._send(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

        def _send(self, document: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
