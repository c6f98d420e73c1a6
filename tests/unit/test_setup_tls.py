"""The office's own certificate authority, and when a certificate is renewed."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server.ops.setup import authority, tls
from server.ops.setup.places import Places
from server.ops.setup.tls import Tls

AT = datetime(2026, 11, 27, tzinfo=UTC)


def certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())


def test_a_certificate_is_renewed_a_month_before_it_ends(tmp_path):
    fingerprint = authority.make(tmp_path, ["ruhu.lan", "192.168.1.5"], AT)
    first = certificate(tmp_path)
    assert authority.names_of(first) == ["ruhu.lan", "192.168.1.5"]
    ends = first.not_valid_after_utc
    for at, is_new in (
        (ends - timedelta(days=31), False),
        (ends - timedelta(days=30), True),
    ):
        assert authority.make(tmp_path, ["ruhu.lan", "192.168.1.5"], at) == fingerprint
        assert (certificate(tmp_path) != first) is is_new


def test_another_name_makes_another_authority(tmp_path):
    fingerprint = authority.make(tmp_path, ["ruhu.lan"], AT)
    assert authority.make(tmp_path, ["other.lan"], AT) != fingerprint
    assert authority.names_of(certificate(tmp_path)) == ["other.lan"]


@pytest.mark.parametrize(
    ("pattern", "name", "covers"),
    [
        ("ruhu.example", "RUHU.example", True),
        ("*.example", "ruhu.example", True),
        ("*.example", "a.ruhu.example", False),
        ("*.example", "example", False),
        ("ruhu.example", "other.example", False),
    ],
)
def test_which_names_a_certificate_covers(pattern, name, covers):
    assert tls._covers(pattern, name) is covers


def test_nginx_takes_up_a_renewed_certificate(tmp_path, monkeypatch):
    pair = tmp_path / "cert.pem", tmp_path / "key.pem"
    for path in pair:
        path.touch()
    served = Tls(Places(tmp_path, tmp_path), "x", "", 443, 80, *pair, False)
    monkeypatch.setattr(tls, "_LOOK_SECONDS", -1.0)
    sent: list[tuple[str, int]] = []

    class Watched:
        def send_signal(self, name: str, number: int) -> None:
            sent.append((name, number))

    look = tls.watching(served)
    look(Watched())
    assert sent == []
    os.utime(pair[0], (1, 1))
    look(Watched())
    look(Watched())
    assert sent == [("tls", signal.SIGHUP)]


def test_the_address_names_the_port_unless_it_is_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.delenv("RUHU_BASE_URL", raising=False)
    places = Places(tmp_path, tmp_path)

    def served(name: str, port: int, http_port: int | None) -> tuple[str, str]:
        made = Tls(places, name, "", port, http_port, tmp_path, tmp_path, False)
        return made.url, made.plain_url

    assert served("ruhu.example", 443, 80) == ("https://ruhu.example", "http://ruhu.example")
    assert served("ruhu.example", 8443, None) == ("https://ruhu.example:8443", "")
    assert served("fd00::1", 8443, 8000) == ("https://[fd00::1]:8443", "http://[fd00::1]:8000")
