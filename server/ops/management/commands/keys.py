"""./ruhu keys new|list|upload|open: encryption keys of forms."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from server.core import clock
from server.core.labels import listed
from server.core.problems import Problem
from server.forms import keys, services
from server.forms.models import EncryptionKey
from server.ops.tables import table
from server.submissions import opening
from server.submissions.models import EncryptedVersion
from server.submissions.selectors import encrypted_counts


class Command(BaseCommand):
    help = gettext_noop(
        "Encrypted forms: make a key or change it, list keys and what waits for them, "
        "give a private key, open what waits. Passphrases are asked for, or read from standard "
        "input, one a line; they never stand on the command line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        new = acts.add_parser(
            "new", help=_("make a key for a form and publish its next version with it")
        )
        new.add_argument("form_id")
        upload = acts.add_parser(
            "upload", help=_("give the private key of a form's own public key")
        )
        upload.add_argument("file", type=Path, metavar="FILE.pem")
        upload.add_argument(
            "--encrypted", action="store_true", help=_("the file has a password; it is asked for")
        )
        for one in (new, upload):
            one.add_argument(
                "--passphrase",
                action="store_true",
                help=_(
                    "protect it with a passphrase: records are opened by “keys open” only. Without it the server opens them by itself"
                ),
            )
        listing = acts.add_parser("list", help=_("list keys and the records that came with them"))
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        opening_ = acts.add_parser("open", help=_("open the records that wait for a key"))
        opening_.add_argument("key", help=_("the first letters of its name, at least 6"))

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {"new": self._new, "list": self._list, "upload": self._upload, "open": self._open}
        try:
            acts[options["act"]](options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _new(self, options: dict[str, Any]) -> None:
        passphrase = _new_passphrase() if options["passphrase"] else None
        form_id = options["form_id"]
        key = services.rotate_key(
            form_id=form_id, passphrase=passphrase, at=clock.now(), publisher=None
        )
        self.stdout.write(_("{form_id}: key {key}").format(form_id=form_id, key=key))
        if not key.form_versions.exists():
            told = _(
                "There is no form {form_id} yet: the key waits for it. If that was a slip, nothing comes of it."
            )
            self.stderr.write(told.format(form_id=form_id))
        for version in key.form_versions.all():
            self.stdout.write(
                _("{form_id}: published version {version}.").format(
                    form_id=form_id, version=version.version
                )
            )

    def _upload(self, options: dict[str, Any]) -> None:
        try:
            pem = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(str(error.strerror)) from None
        password = _asked(_("Password of the file: ")) if options["encrypted"] else None
        passphrase = _new_passphrase() if options["passphrase"] else None
        at = clock.now()
        key, waiting = opening.take_private_key(
            pem=pem, password=password, passphrase=passphrase, at=at, user=None
        )
        if passphrase is not None:
            told = opening.open_with_passphrase(key=key, passphrase=passphrase, at=at, user=None)
            self._opened(key, told.opened, told.altered, told.left)
        else:
            self._opened(key, waiting)

    def _open(self, options: dict[str, Any]) -> None:
        key, passphrase = keys.key_named(options["key"]), None
        if key.opening == EncryptionKey.Opening.PASSPHRASE:
            passphrase = _asked(_("Passphrase of the key: "))
        told = opening.open_with_passphrase(
            key=key, passphrase=passphrase, at=clock.now(), user=None
        )
        self._opened(key, told.opened, told.altered, told.left)

    def _opened(self, key: EncryptionKey, count: int, altered: int = 0, left: int = 0) -> None:
        sentence = ngettext(
            "{key}: {count} record is on its way into the ledgers.",
            "{key}: {count} records are on their way into the ledgers.",
            count,
        )
        self.stdout.write(sentence.format(key=key, count=count))
        if altered:
            self.stdout.write(_("Altered after encryption: {altered}.").format(altered=altered))
        if left:
            self.stdout.write(
                _(
                    "The remaining records cannot be opened: their files no longer exist on this server's disk."
                )
            )

    def _list(self, options: dict[str, Any]) -> None:
        counts = encrypted_counts()
        rows: list[dict[str, Any]] = [
            {
                "key": key.fingerprint,
                "opening": key.opening,
                "form_versions": [
                    f"{version.form.form_id} {version.version}"
                    for version in key.form_versions.select_related("form")
                ],
                "created_at": key.created_at.isoformat(),
                "retired_at": key.retired_at and key.retired_at.isoformat(),
                "records": counts.get(key.pk, {}),
            }
            for key in EncryptionKey.objects.all()
        ]
        if counts.get(None):
            rows.append({"key": None, "records": counts[None]})
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        if not rows:
            self.stdout.write(_("There is no key yet: nothing is encrypted."))
            return
        head = (_("Key"), _("Private key"), _("Used by"), _("Records"))
        self.stdout.write(table([head, *map(_line, rows)]))


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    """A key as one line; the last one is of what no key here opens."""
    words = {state.value: str(state.label) for state in EncryptedVersion.State}
    if row["key"]:
        words["sealed"] = _("still encrypted")  # “the key is not here” would be wrong beside it
    records = [f"{words[state]} {count}" for state, count in sorted(row["records"].items())]
    kept = EncryptionKey.Opening(row["opening"]).label if "opening" in row else "—"
    versions = listed(row.get("form_versions", ()))
    return (row["key"] or "—")[:8], kept, versions, listed(records) or "—"


def _asked(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def _new_passphrase() -> str:
    passphrase = _asked(_("New passphrase: "))
    if sys.stdin.isatty() and _asked(_("Once more: ")) != passphrase:
        raise CommandError(_("The two differ; nothing was changed."))
    return passphrase
