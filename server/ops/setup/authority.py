"""A certificate authority of the office's own, for browsers; runs in the application's Python, which has `cryptography`.

    python -m server.ops.setup.authority make FOLDER NAME…     (prints the authority's fingerprint)
    python -m server.ops.setup.authority names FILE            (prints the names of a certificate)

The authority can certify the names it was made for and no others, so that a browser that
trusts it is not open to whoever steals its key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITY_DAYS = 3650
_CERTIFICATE_DAYS = 397  # browsers refuse what is valid for longer
RENEWED_BEFORE = timedelta(days=30)


def make(folder: Path, names: Sequence[str], at: datetime | None = None) -> str:
    """Make what is missing, or about to end, in the folder; returns the authority's SHA-256 fingerprint.

    `ca.pem` and `ca.key` are the authority, `fullchain.pem` and `privkey.pem` the certificate for
    these names. Other names than the authority was made for make a new authority.
    """
    at = at or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _authority(folder, names, at)
    chain = folder / "fullchain.pem"
    current = x509.load_pem_x509_certificate(chain.read_bytes()) if chain.exists() else None
    is_good = (
        current is not None
        and names_of(current) == list(names)
        and current.issuer == authority.subject
        and current.not_valid_after_utc - at > RENEWED_BEFORE
    )
    if not is_good:
        _issue(folder, authority, names, at)
    return authority.fingerprint(hashes.SHA256()).hex(":").upper()


def names_of(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses of a certificate."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in extension.value]


def _authority(folder: Path, names: Sequence[str], at: datetime) -> x509.Certificate:
    path = folder / "ca.pem"
    if path.exists() and (folder / "ca.key").exists():
        authority = x509.load_pem_x509_certificate(path.read_bytes())
        permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value
        lasts = authority.not_valid_after_utc - at > timedelta(days=_CERTIFICATE_DAYS)
        if lasts and list(permitted.permitted_subtrees or ()) == _constraints(names):
            return authority
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"Ruhu {names[0]} {at:%Y-%m-%d}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    authority = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(_constraints(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "ca.key", key)
    path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    return authority


def _issue(folder: Path, authority: x509.Certificate, names: Sequence[str], at: datetime) -> None:
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 made above
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=_CERTIFICATE_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    _write_key(folder / "privkey.pem", key)
    chain = [certificate, authority]
    encoded = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in chain)
    (folder / "fullchain.pem").write_bytes(encoded)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraints(names: Sequence[str]) -> list[x509.GeneralName]:
    """The names as the only ones that the authority may certify."""
    constraints: list[x509.GeneralName] = []
    for name in names:
        try:
            constraints.append(x509.IPAddress(ip_network(name)))
        except ValueError:
            constraints.append(x509.DNSName(name))
    return constraints


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def main(words: Sequence[str]) -> None:
    """`make FOLDER NAME…` or `names FILE`."""
    if words[0] == "make":
        print(make(Path(words[1]), words[2:]))
    else:
        print(*names_of(x509.load_pem_x509_certificate(Path(words[1]).read_bytes())))


if __name__ == "__main__":
    main(sys.argv[1:])
