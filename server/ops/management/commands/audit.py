"""./ruhu audit verify|list|export: the log of acts, and whether anybody has changed it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.audit import chain
from server.audit.chain import Break, Fault, Head
from server.audit.models import Act, AuditEntry
from server.audit.services import record
from server.audit.tasks import write_head
from server.console import acts
from server.ops.tables import table

_SHOWN = 20


class Command(BaseCommand):
    help = gettext_noop("List and export the log of acts, and check that nobody has changed it.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        commands = parser.add_subparsers(dest="command", required=True)
        verify = commands.add_parser(
            "verify", help=_("check the chain and the heads written down; exit code 1 for a fault")
        )
        verify.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="LINE",
            help=_("also check this head, as the system log has it; may be repeated"),
        )
        verify.add_argument("--json", action="store_true", help=_("print one JSON object"))
        listing = commands.add_parser("list", help=_("list acts, newest first"))
        listing.add_argument("--act", choices=Act.values, metavar="ACT", help=_("only this act"))
        listing.add_argument("--actor", help=_("only acts of this user name"))
        listing.add_argument(
            "--limit", type=int, default=50, choices=range(1, 100_001), metavar="N"
        )
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        export = commands.add_parser(
            "export",
            help=_("write the whole log, one JSON object a line, with what each hash is made of"),
        )
        export.add_argument("file", type=Path)
        commands.add_parser("head", help=_("write the head down now, as the worker does hourly"))

    def handle(self, *args: Any, **options: Any) -> None:
        commands = {
            "verify": self._verify,
            "list": self._list,
            "export": self._export,
            "head": self._head,
        }
        commands[options["command"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        given = [Head.read(line) for line in options["head"]]
        if None in given:
            raise CommandError(
                _("Give a head as the system log has it: its number, a colon, 64 digits.")
            )
        heads = [*chain.heads_in(settings.RUHU_AUDIT_HEADS), *filter(None, given)]
        faults = list(chain.verify(heads))
        head = chain.head()
        if options["json"]:
            members = {
                "ok": not faults,
                "head": str(head) if head else None,
                "heads_checked": len(heads),
                "faults": [
                    {"fault": fault.fault.value, "position": fault.position, "id": fault.entry}
                    for fault in faults
                ],
            }
            self.stdout.write(json.dumps(members))
        else:
            for fault in faults[:_SHOWN]:
                self.stdout.write(self.style.ERROR(_sentence(fault)))
            if len(faults) > _SHOWN:
                self.stdout.write(_("… and {n} more.").format(n=len(faults) - _SHOWN))
            if not faults:
                sentence = _("The log is whole: {n} acts, {heads} heads checked. Head: {head}")
                n = head.position if head else 0
                text = sentence.format(n=n, heads=len(heads), head=head or "—")
                self.stdout.write(self.style.SUCCESS(text))
        if faults:
            raise SystemExit(1)

    def _list(self, options: dict[str, Any]) -> None:
        rows = AuditEntry.objects.order_by("-id")
        if options["act"]:
            rows = rows.filter(act=options["act"])
        if options["actor"]:
            rows = rows.filter(actor_name=options["actor"])
        entries = list(rows[: options["limit"]])
        if options["json"]:
            self.stdout.write(
                json.dumps([_members(entry) for entry in entries], ensure_ascii=False)
            )
            return
        head = (_("When"), _("Who"), _("From where"), _("What"), _("Of"), _("Area"), _("Reason"))
        self.stdout.write(table([head, *map(_line, entries)]))

    def _export(self, options: dict[str, Any]) -> None:
        try:
            descriptor = os.open(options["file"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        with transaction.atomic(), os.fdopen(descriptor, "w", encoding="utf-8") as file:
            n_lines = _write(file, chain.links())
            record(Act.EXPORT, actor=None, object_type="audit", facts={"rows": n_lines})
        self.stdout.write(f"{options['file']}: {n_lines}")

    def _head(self, options: dict[str, Any]) -> None:
        self.stdout.write(str(write_head(settings.RUHU_AUDIT_HEADS) or "—"))


def _write(file: IO[str], links: Iterator[chain.Link]) -> int:
    """Write the links; returns how many. Each hash is SHA-256 of the bytes of `previous` and the UTF-8 of `content`."""
    n_lines = 0
    for link in links:
        members = {
            "position": link.position,
            "previous": link.previous.hex(),
            "content": link.content,
            "hash": link.hash.hex(),
        }
        file.write(json.dumps(members, ensure_ascii=False) + "\n")
        n_lines += 1
    return n_lines


def _sentence(fault: Break) -> str:
    sentences = {
        Fault.CHANGED: _("Place {position} (id {id}): the row was changed."),
        Fault.CUT: _("Place {position} (id {id}): rows before it were removed, added or moved."),
        Fault.UNLINKED: _("Row with id {id}: the chain does not hold it."),
        Fault.HEAD: _(
            "Place {position}: another hash was written down; the end was cut off or the chain made anew."
        ),
    }
    return sentences[fault.fault].format(position=fault.position, id=fault.entry or "—")


def _members(entry: AuditEntry) -> dict[str, Any]:
    names = (
        "position", "actor_name", "door", "address", "device", "act", "object_type", "object_id",
        "area_code", "reason", "facts",
    )  # fmt: skip
    members = {name: getattr(entry, name) for name in names}
    return {**members, "at": entry.at.isoformat(), "hash": bytes(entry.hash or b"").hex()}


def _line(entry: AuditEntry) -> tuple[object, ...]:
    return (
        f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}",
        entry.actor_name or "—",
        " ".join(filter(None, (entry.door_label, entry.address))),
        " ".join(filter(None, (entry.act_label, acts.details(entry)))),
        " ".join((acts.kind_of_object(entry.object_type), entry.object_id)),
        entry.area_code,
        entry.reason,
    )
