"""./ruhu quarantine list|show|export|replay|drop: what was received and could not be taken as data."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core import clock
from server.core.problems import Problem, named
from server.ops.tables import table
from server.quarantine import services
from server.quarantine.export import archive
from server.quarantine.models import Quarantined, QuarantineRefusal
from server.quarantine.services.limits import stored_bytes
from server.quarantine.services.replaying import document_to_replay, received_document

_AGE = re.compile(r"(\d{1,4})([dh])")


class Command(BaseCommand):
    help = gettext_noop(
        "List what could not be taken as data, and why; write it out, take it after all, drop it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help=_("list the quarantine, newest first"))
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        listing.add_argument(
            "--limit", type=int, choices=range(1, 100_001), metavar="N", default=100
        )
        listing.add_argument("--reason", default="", help=_("only this reason, e.g. form-closed"))
        listing.add_argument("--all", action="store_true", help=_("what was settled, too"))
        limits = acts.add_parser("limits", help=_("what it holds, and what limits kept out"))
        limits.add_argument("--json", action="store_true", help=_("print one JSON object"))
        show = acts.add_parser(
            "show", help=_("write the document, exactly as received, to standard output")
        )
        show.add_argument("number", type=int)
        show.add_argument("--repaired", action="store_true", help=_("the last repair instead"))
        export = acts.add_parser("export", help=_("write record, repairs and files into one zip"))
        export.add_argument("number", type=int)
        export.add_argument("file", type=Path)
        replay = acts.add_parser("replay", help=_("try to take it as data again"))
        replay.add_argument("number", type=int, nargs="?")
        replay.add_argument("--reason", default="", help=_("everything of this reason"))
        replay.add_argument("--json", action="store_true", help=_("print one JSON object"))
        drop = acts.add_parser("drop", help=_("forget what is old, for good"))
        drop.add_argument(
            "--older-than", required=True, metavar="90d", help=_("days or hours: 90d")
        )
        drop.add_argument("--yes", action="store_true", help=_("do it; otherwise only count"))

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {
            "list": self._list,
            "limits": self._limits,
            "show": self._show,
            "export": self._export,
            "replay": self._replay,
            "drop": self._drop,
        }
        try:
            acts[options["act"]](options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _list(self, options: dict[str, Any]) -> None:
        kept = Quarantined.objects.defer("document").select_related("submitter")
        if options["reason"]:
            kept = kept.filter(reason=options["reason"])
        if not options["all"]:
            kept = kept.filter(resolved_at=None)
        rows: list[dict[str, Any]] = [
            {
                "number": item.pk,
                "received_at": item.received_at.isoformat(),
                "reason": item.reason,
                "detail": item.detail,
                "form_id": item.form_id,
                "form_version": item.form_version,
                "instance_id": item.instance_id,
                "bytes": item.size,
                "files": len(item.attachments),
                "submitter": item.submitter.username if item.submitter else "",
                "area": item.area,
                "tried_reason": item.tried_reason,
                "settled_at": item.resolved_at and item.resolved_at.isoformat(),
            }
            for item in kept[: options["limit"]]
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        if not rows:
            self.stdout.write(_("Nothing is set aside."))
            return
        head = (_("Number"), _("Received"), _("Worker"), _("Form"), _("Reason"), _("Why"))
        self.stdout.write(table([head, *map(_line, rows)]))

    def _limits(self, options: dict[str, Any]) -> None:
        held = {"items": Quarantined.objects.count(), "bytes": stored_bytes()}
        kept_out = [
            {
                "day": row.day.isoformat(),
                "limit": row.limit,
                "reason": row.reason,
                "submitter": row.submitter.username,
                "count": row.count,
                "bytes": row.bytes,
            }
            for row in QuarantineRefusal.objects.select_related("submitter")[:1000]
        ]
        if options["json"]:
            self.stdout.write(json.dumps({**held, "kept_out": kept_out}, ensure_ascii=False))
            return
        told = _("Set aside: {items}, {megabytes} MB.")
        self.stdout.write(told.format(items=held["items"], megabytes=f"{held['bytes'] / 1e6:.1f}"))
        if kept_out:
            head = (_("Day"), _("Why not kept"), _("Why refused"), _("Worker"), _("Times"))
            self.stdout.write(_("Refused and not kept, because a limit was reached:"))
            rows = [
                [row[name] for name in ("day", "limit", "reason", "submitter", "count")]
                for row in kept_out
            ]
            self.stdout.write(table([head, *rows]))

    def _show(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        document = document_to_replay(item) if options["repaired"] else received_document(item)
        self.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()

    def _export(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        try:
            with archive(item) as packed, options["file"].open("xb") as file:
                shutil.copyfileobj(packed, file)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stdout.write(str(options["file"]))

    def _replay(self, options: dict[str, Any]) -> None:
        if (options["number"] is None) == (not options["reason"]):
            raise CommandError(_("Give a number, or --reason."))
        if options["number"] is not None:
            receipt = services.replay(
                item=_item(options["number"]), user=None, access=None, at=clock.now()
            )
            told = services.Replayed(1, {})
            said = _("Taken as submission {number}.").format(number=receipt.submission_id)
            self.stderr.write(said)
        else:
            items = Quarantined.objects.filter(reason=options["reason"])
            told = services.replay_many(items, user=None, access=None, at=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"taken": told.accepted, "refused": told.refused}))
            return
        self.stdout.write(_("Taken: {taken}").format(taken=told.accepted))
        for reason, number in sorted(told.refused.items()):
            kept = _("Still set aside: {number} ({reason})")
            self.stdout.write(kept.format(number=number, reason=reason))

    def _drop(self, options: dict[str, Any]) -> None:
        found = _AGE.fullmatch(options["older_than"])
        if found is None:
            raise CommandError(_("Say an age as 90d (days) or 12h (hours)."))
        at = clock.now()
        age = timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
        before = at - age
        if not options["yes"]:
            number = Quarantined.objects.filter(received_at__lt=before).count()
            told = _("{number} would be dropped for good. Add --yes to do it.")
            self.stdout.write(told.format(number=number))
            return
        dropped = services.drop(received_before=before, at=at)
        told = _("Dropped: {items}. Files: {files}.")
        self.stdout.write(told.format(items=dropped.items, files=dropped.files))


def _count(text: str) -> int:
    """A number of rows, for argparse: what is none is a ValueError."""
    if not 0 < int(text) < 1 << 31:
        raise ValueError
    return int(text)


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    """One of them as a line: in the office's time, the reason as --reason takes it and in words."""
    received = f"{localtime(datetime.fromisoformat(row['received_at'])):%Y-%m-%d %H:%M}"
    kind = named(row["reason"])
    words = str(kind.title) if kind else ""
    reason = f"{row['reason']} ✓" if row["settled_at"] else row["reason"]
    return row["number"], received, row["submitter"], row["form_id"], reason, words


def _item(number: int) -> Quarantined:
    found = Quarantined.objects.select_related("submitter").filter(pk=number).first()
    if found is None:
        raise CommandError(
            _("There is no number {number} in the quarantine.").format(number=number)
        )
    return found
