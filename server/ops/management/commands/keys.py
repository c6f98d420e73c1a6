"""./ruhu keys new|list|upload|open: the key pairs of encrypted forms; check|rotate-sealing|drop-sealing: the server's own key."""

from __future__ import annotations

import base64
import getpass
import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from server.core import clock, keyring
from server.core.labels import listed
from server.core.problems import Problem
from server.forms import keys, services
from server.forms.models import EncryptionKey
from server.ops import rotation
from server.ops.progress import Bar
from server.ops.tables import table
from server.submissions import opening
from server.submissions.encrypted import encrypted_counts
from server.submissions.models import EncryptedVersion


class Command(BaseCommand):
    help = gettext_noop(
        "The sealing key: count what each key seals, seal everything anew with a new key, drop the "
        "old one. Encrypted forms: make or replace a key, list keys and the records that wait for "
        "them, upload a private key, open waiting records. Passphrases are prompted for, or read from "
        "standard input, one a line; they are never command-line arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        new = acts.add_parser(
            "new", help=_("make a key for a form and publish its next version with it")
        )
        new.add_argument("form_id")
        upload = acts.add_parser(
            "upload", help=_("upload the private key that belongs to a form's own public key")
        )
        upload.add_argument("file", type=Path, metavar="FILE.pem")
        upload.add_argument(
            "--encrypted",
            action="store_true",
            help=_("the file has a password, which is prompted for"),
        )
        for act in (new, upload):
            act.add_argument(
                "--passphrase",
                action="store_true",
                help=_(
                    "protect the key with a passphrase: only “keys open” opens records then. Without it the server opens them by itself"
                ),
            )
        listing = acts.add_parser(
            "list", help=_("list keys and the number of records encrypted with each")
        )
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        opening_ = acts.add_parser("open", help=_("open the records that wait for a key"))
        opening_.add_argument("key", help=_("the first characters of the key's name, at least 6"))

        check = acts.add_parser(
            "check",
            help=_(
                "count the sealed values by key, and check the search hashes; exit code 1 unless the current key alone is used"
            ),
        )
        rotate = acts.add_parser(
            "rotate-sealing",
            help=_(
                "make a new sealing key and seal everything anew while serving goes on; also finishes what was interrupted"
            ),
        )
        for act in (check, rotate):
            act.add_argument("--json", action="store_true", help=_("print one JSON object"))
        drop = acts.add_parser(
            "drop-sealing", help=_("take the retired sealing key out of the key file")
        )
        drop.add_argument(
            "--keep",
            type=Path,
            metavar="FILE",
            help=_("write the retired key to this new file: backups from before need it"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {
            "new": self._new,
            "list": self._list,
            "upload": self._upload,
            "open": self._open,
            "check": self._check,
            "rotate-sealing": self._rotate,
            "drop-sealing": self._drop,
        }
        try:
            acts[options["act"]](options)
        except Problem as problem:
            raise CommandError(str(problem)) from None
        except rotation.CannotRotate as problem:
            raise CommandError(_why_not(problem)) from None

    def _check(self, options: dict[str, Any]) -> None:
        usage = rotation.usage()
        self._print_usage(usage, as_json=options["json"])
        if not usage.is_settled:
            sys.exit(1)

    def _rotate(self, options: dict[str, Any]) -> None:
        usage = rotation.rotate(actor=None, progress=Bar())
        self._print_usage(usage, as_json=options["json"])
        if not options["json"] and len(usage.keys) > 1:
            self.stdout.write(
                _(
                    "Everything is sealed with the new key. './ruhu keys drop-sealing' takes the retired key out of the key file; make a backup first, because backups from before need it."
                )
            )

    def _print_usage(self, usage: rotation.Usage, *, as_json: bool) -> None:
        unknown = sorted({key for place in usage.places for key in place.by_key} - set(usage.keys))
        names = [key.hex() for key in (*usage.keys, *unknown)]
        if as_json:
            members = {
                "keys": [key.hex() for key in usage.keys],
                "unknown_keys": [key.hex() for key in unknown],
                "settled": usage.is_settled,
                "wrong_hashes": usage.wrong_hashes,
                "places": {
                    place.name: {key.hex(): count for key, count in place.by_key.items()}
                    for place in usage.places
                },
            }
            self.stdout.write(json.dumps(members))
            return
        states = [
            _("current")
            if not number
            else _("retired")
            if number < len(usage.keys)
            else _("unknown")
            for number in range(len(names))
        ]
        head = [
            f"{name} ({state})" if name else _("not sealed")
            for name, state in zip(names, states, strict=True)
        ]
        rows = [
            (
                place.name,
                *(place.by_key[key] for key in (*usage.keys, *unknown)),
                place.wrong_hashes,
            )
            for place in usage.places
        ]
        totals = [usage.total(key) for key in (*usage.keys, *unknown)]
        last = (_("all"), *totals, usage.wrong_hashes)
        self.stdout.write(
            table([(_("Sealed values"), *head, _("hashes that do not fit")), *rows, last])
        )

    def _drop(self, options: dict[str, Any]) -> None:
        keep: Path | None = options["keep"]
        if keep is not None:
            self._keep_retired(keep)
        dropped = rotation.drop(actor=None)
        sentence = ngettext(
            "{count} retired key is dropped. Nothing here can be opened with it any more; the backups from before still need it.",
            "{count} retired keys are dropped. Nothing here can be opened with them any more; the backups from before still need them.",
            len(dropped),
        )
        self.stdout.write(sentence.format(count=len(dropped)))

    def _keep_retired(self, file: Path) -> None:
        """Write the retired keys to a new file that only its owner reads."""
        retired = list(keyring.look_again())[1:]
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        with os.fdopen(handle, "w") as opened:
            opened.writelines(base64.b64encode(key).decode() + "\n" for key in retired)
            opened.flush()
            os.fsync(opened.fileno())

    def _new(self, options: dict[str, Any]) -> None:
        passphrase = _new_passphrase() if options["passphrase"] else None
        form_id = options["form_id"]
        key = services.rotate_key(
            form_id=form_id, passphrase=passphrase, at=clock.now(), publisher=None
        )
        self.stdout.write(_("{form_id}: key {key}").format(form_id=form_id, key=key))
        if not key.form_versions.exists():
            sentence = _(
                "There is no form {form_id} yet: the key will be used when it is published. If the name was a mistake, the key stays unused."
            )
            self.stderr.write(sentence.format(form_id=form_id))
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
        password = _prompted(_("Password of the file: ")) if options["encrypted"] else None
        passphrase = _new_passphrase() if options["passphrase"] else None
        at = clock.now()
        key, waiting = opening.take_private_key(
            pem=pem, password=password, passphrase=passphrase, at=at, user=None
        )
        if passphrase is not None:
            result = opening.open_with_passphrase(key=key, passphrase=passphrase, at=at, user=None)
            self._print_opened(key, result.opened, result.altered, result.left)
        else:
            self._print_opened(key, waiting)

    def _open(self, options: dict[str, Any]) -> None:
        key, passphrase = keys.key_named(options["key"]), None
        if key.opening == EncryptionKey.Opening.PASSPHRASE:
            passphrase = _prompted(_("Passphrase of the key: "))
        result = opening.open_with_passphrase(
            key=key, passphrase=passphrase, at=clock.now(), user=None
        )
        self._print_opened(key, result.opened, result.altered, result.left)

    def _print_opened(
        self, key: EncryptionKey, count: int, altered: int = 0, left: int = 0
    ) -> None:
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


def _why_not(problem: rotation.CannotRotate) -> str:
    """The sentence for a rotation that cannot begin or go on."""
    sentences = {
        "not_a_file": _(
            "The keys come from RUHU_SECRET_KEYS or RUHU_KEYS_COMMAND, which this command cannot change: put a new key in front of the present one there, start Ruhu again, then run 'keys rotate-sealing'; take the old one out when 'keys check' counts nothing for it."
        ),
        "not_writable": _("{path} cannot be written: {error}. Nothing was changed."),
        "unknown": _(
            "{values} values are sealed with a key that is not here, see './ruhu keys check': put that key back into the key file, below the others, and run this again."
        ),
        "damaged": _(
            "{place}: a value behind row {after} cannot be opened. Everything before is done; restore that row from a backup, then run this again."
        ),
        "busy": _(
            "{values} values were in use all the time; run this again. What is done stays done."
        ),
        "under_way": _("Another rotation is under way; wait for it."),
        "nothing_retired": _("There is no retired key: the key file holds the current one only."),
        "still_used": _(
            "{values} values still need the retired key: './ruhu keys rotate-sealing' seals them anew."
        ),
        "too_soon": _(
            "The key changed less than a minute ago, and what began before may still be written: run this again in {seconds} s."
        ),
        "old_transactions": _(
            "A transaction that began before the key changed is still open: run this again when it has ended."
        ),
    }
    return sentences[problem.reason].format(**problem.facts)


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    """A key as a row of the table; without a key, the records that no key on this server opens."""
    labels = {state.value: str(state.label) for state in EncryptedVersion.State}
    if row["key"]:
        labels["sealed"] = _("still encrypted")  # “the key is not here” would be wrong beside it
    records = [f"{labels[state]} {count}" for state, count in sorted(row["records"].items())]
    private_key = EncryptionKey.Opening(row["opening"]).label if "opening" in row else "—"
    versions = listed(row.get("form_versions", ()))
    return (row["key"] or "—")[:8], private_key, versions, listed(records) or "—"


def _prompted(prompt: str) -> str:
    """The answer without its line end: hidden on a terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def _new_passphrase() -> str:
    passphrase = _prompted(_("New passphrase: "))
    if sys.stdin.isatty() and _prompted(_("Once more: ")) != passphrase:
        raise CommandError(_("The two differ; nothing was changed."))
    return passphrase
