"""./ruhu quarantine list|limits|show|export|replay|drop: submissions that were received and refused."""

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

from server.accounts.access import access_of
from server.accounts.selectors import user_named
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
        "List quarantined submissions and the reasons; write them out, accept them after all, delete them."
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
        listing.add_argument("--all", action="store_true", help=_("resolved ones, too"))
        limits = acts.add_parser(
            "limits", help=_("its size, and what was not kept because of a limit")
        )
        limits.add_argument("--json", action="store_true", help=_("print one JSON object"))
        show = acts.add_parser(
            "show", help=_("write the document, exactly as received, to standard output")
        )
        show.add_argument("number", type=int)
        show.add_argument(
            "--repaired", action="store_true", help=_("the latest repaired document instead")
        )
        export = acts.add_parser(
            "export", help=_("write an item with its repairs and files into a zip file")
        )
        export.add_argument("number", type=int)
        export.add_argument("file", type=Path)
        replay = acts.add_parser("replay", help=_("try again to accept it as a submission"))
        replay.add_argument("number", type=int, nargs="?")
        replay.add_argument("--reason", default="", help=_("all items with this reason"))
        replay.add_argument(
            "--as",
            dest="person",
            default="",
            metavar="USER",
            help=_("on the authority of this person, which records of another area need"),
        )
        replay.add_argument("--json", action="store_true", help=_("print one JSON object"))
        drop = acts.add_parser("drop", help=_("delete old items permanently"))
        drop.add_argument(
            "--older-than", required=True, metavar="90d", help=_("age in days or hours: 90d, 12h")
        )
        drop.add_argument(
            "--yes", action="store_true", help=_("delete; without it the items are only counted")
        )

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
        items = Quarantined.objects.defer("document").select_related("submitter")
        if options["reason"]:
            items = items.filter(reason=options["reason"])
        if not options["all"]:
            items = items.filter(resolved_at=None)
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
                "sender_area": item.sender_area,
                "held": item.verdict_id is not None,
                "tried_reason": item.tried_reason,
                "settled_at": item.resolved_at and item.resolved_at.isoformat(),
            }
            for item in items[: options["limit"]]
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        if not rows:
            self.stdout.write(_("The quarantine is empty."))
            return
        head = (_("Number"), _("Received"), _("Worker"), _("Form"), _("Reason"), _("Why"))
        self.stdout.write(table([head, *map(_line, rows)]))

    def _limits(self, options: dict[str, Any]) -> None:
        size = {"items": Quarantined.objects.count(), "bytes": stored_bytes()}
        not_kept = [
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
            self.stdout.write(json.dumps({**size, "kept_out": not_kept}, ensure_ascii=False))
            return
        sentence = _("In quarantine: {items}, {megabytes} MB.")
        megabytes = f"{size['bytes'] / 1e6:.1f}"
        self.stdout.write(sentence.format(items=size["items"], megabytes=megabytes))
        if not_kept:
            head = (_("Day"), _("Why not kept"), _("Why refused"), _("Worker"), _("Times"))
            self.stdout.write(_("Refused and not kept, because a limit was reached:"))
            rows = [
                [row[name] for name in ("day", "limit", "reason", "submitter", "count")]
                for row in not_kept
            ]
            self.stdout.write(table([head, *rows]))

    def _show(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        services.disclose_quarantined(item, user=None, reason="./ruhu quarantine show")
        document = document_to_replay(item) if options["repaired"] else received_document(item)
        self.stdout.flush()
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()

    def _export(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        services.disclose_quarantined(item, user=None, reason="./ruhu quarantine export")
        try:
            with archive(item) as zipped, options["file"].open("xb") as file:
                shutil.copyfileobj(zipped, file)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stdout.write(str(options["file"]))

    def _replay(self, options: dict[str, Any]) -> None:
        if (options["number"] is None) == (not options["reason"]):
            raise CommandError(_("Give a number, or --reason."))
        user = user_named(options["person"]) if options["person"] else None
        access = access_of(user) if user else None
        if options["number"] is not None:
            receipt = services.replay(
                item=_item(options["number"]), user=user, access=access, at=clock.now()
            )
            result = services.Replayed(1, {})
            sentence = _("Accepted as submission {number}.")
            self.stderr.write(sentence.format(number=receipt.submission_id))
        else:
            items = Quarantined.objects.filter(reason=options["reason"])
            result = services.replay_many(items, user=user, access=access, at=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"taken": result.accepted, "refused": result.refused}))
            return
        self.stdout.write(_("Accepted: {accepted}").format(accepted=result.accepted))
        for reason, number in sorted(result.refused.items()):
            sentence = _("Still in quarantine: {number} ({reason})")
            self.stdout.write(sentence.format(number=number, reason=reason))

    def _drop(self, options: dict[str, Any]) -> None:
        match = _AGE.fullmatch(options["older_than"])
        if match is None:
            raise CommandError(_("Write an age as 90d (days) or 12h (hours)."))
        at = clock.now()
        age = timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))
        before = at - age
        if not options["yes"]:
            number = Quarantined.objects.filter(received_at__lt=before).count()
            sentence = _("{number} would be deleted permanently. Add --yes to do it.")
            self.stdout.write(sentence.format(number=number))
            return
        dropped = services.drop(received_before=before, at=at)
        sentence = _("Deleted: {items}. Files: {files}.")
        self.stdout.write(sentence.format(items=dropped.items, files=dropped.files))


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    """An item as a line: time in the office's zone, the reason as --reason takes it and in words."""
    received = f"{localtime(datetime.fromisoformat(row['received_at'])):%Y-%m-%d %H:%M}"
    problem = named(row["reason"])
    title = str(problem.title) if problem else ""
    reason = f"{row['reason']} ✓" if row["settled_at"] else row["reason"]
    return row["number"], received, row["submitter"], row["form_id"], reason, title


def _item(number: int) -> Quarantined:
    item = Quarantined.objects.select_related("submitter").filter(pk=number).first()
    if item is None:
        raise CommandError(
            _("There is no number {number} in the quarantine.").format(number=number)
        )
    return item
