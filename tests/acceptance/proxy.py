"""nginx in front of a server, with the committed site file; only ports, names and paths differ."""

from __future__ import annotations

import datetime
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.ops.setup import nginx
from server.ops.setup.places import here
from tests.acceptance.office import ROOT, Office, children_of, free_port

SITE = ROOT / "api_docs" / "nginx.conf"
HOST = "localhost"
_MAIN_FILE = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/main-error.log error;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/main.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/ruhu.conf;
}}
"""


@dataclass
class Proxy:
    """A running nginx: its addresses, its certificate, its logs."""

    folder: Path
    upstream: int
    tls_port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.tls_port}"

    @property
    def plain_url(self) -> str:
        return f"http://{HOST}:{self.plain_port}"

    @property
    def authority(self) -> str:
        """The certificate file, for `verify=` of requests."""
        return str(self.folder / "fullchain.pem")

    def session(self) -> requests.Session:
        """A client that trusts the certificate."""
        session = requests.Session()
        session.trust_env = False  # a CA bundle in the environment would override `verify`
        session.verify = self.authority
        return session

    def start(self) -> None:
        _certificate(self.folder)
        (self.folder / "ruhu.conf").write_text(self.site(), encoding="utf-8")
        main_file = self.folder / "nginx.conf"
        main_file.write_text(_MAIN_FILE.format(folder=self.folder), encoding="utf-8")
        program = nginx.program(here())
        assert program, "./ruhu test fetches it"
        command = [str(program), "-c", str(main_file), "-p", str(self.folder)]
        command += ["-e", str(self.folder / "main-error.log")]
        # Under the account that runs the tests, so that nginx can write its files.
        self._process = subprocess.Popen([*command, "-g", f"user {_account()};"])
        Office.wait_for(lambda: (self.folder / "pid").exists(), "nginx")

    def site(self) -> str:
        """The committed site file, with the replacements that every installation makes."""
        text = SITE.read_text(encoding="utf-8")
        for old, new in (
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.tls_port} ssl;"),
            ("server_name ruhu.example;", f"server_name {HOST};"),
            ("/etc/letsencrypt/live/ruhu.example", str(self.folder)),
            ("/var/log/nginx", str(self.folder)),
            ("http://127.0.0.1:8000", f"http://127.0.0.1:{self.upstream}"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        return text

    def logged(self) -> str:
        """The text of all logs."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def open_files(self) -> list[str]:
        """The files that nginx's processes hold open, unlinked temporary files included."""
        assert self._process
        return [
            os.readlink(entry)
            for process in (self._process.pid, *children_of(self._process.pid))
            for entry in Path(f"/proc/{process}/fd").iterdir()
        ]

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)


def _account() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _certificate(folder: Path) -> None:
    """Write a self-signed certificate for `localhost` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
