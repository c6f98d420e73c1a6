"""./ruhu quarantine list|show|export|replay|drop: what was received and could not be taken as data."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from server.core import clock
from server.core.problems import Problem
from server.submissions import services
from server.submissions.export import archive
from server.submissions.models import Quarantined, QuarantineRefusal
from server.submissions.services.limits import stored_bytes
from server.submissions.services.replaying import document_to_take, received_document

_AGE = re.compile(r"(\d{1,4})([dh])")


class Command(BaseCommand):
    help = (
        "List what could not be taken as data, and why; write it out, take it after all, drop it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="list the quarantine, newest first")
        listing.add_argument("--json", action="store_true", help="print a JSON array")
        listing.add_argument("--limit", type=int, default=100)
        listing.add_argument("--reason", default="", help="only this reason, e.g. form-closed")
        listing.add_argument("--all", action="store_true", help="what was settled, too")
        limits = acts.add_parser("limits", help="what it holds, and what limits kept out")
        limits.add_argument("--json", action="store_true", help="print one JSON object")
        show = acts.add_parser(
            "show", help="write the document, exactly as received, to standard output"
        )
        show.add_argument("number", type=int)
        show.add_argument("--repaired", action="store_true", help="the last repair instead")
        export = acts.add_parser("export", help="write record, repairs and files into one zip")
        export.add_argument("number", type=int)
        export.add_argument("file", type=Path)
        replay = acts.add_parser("replay", help="try to take it as data again")
        replay.add_argument("number", type=int, nargs="?")
        replay.add_argument("--reason", default="", help="everything of this reason")
        replay.add_argument("--json", action="store_true", help="print one JSON object")
        drop = acts.add_parser("drop", help="forget what is old, for good")
        drop.add_argument("--older-than", required=True, metavar="90d", help="days or hours: 90d")
        drop.add_argument("--yes", action="store_true", help="do it; otherwise only count")

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
            kept = kept.filter(settled_at=None)
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
                "settled_at": item.settled_at and item.settled_at.isoformat(),
            }
            for item in kept[: options["limit"]]
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(
                f"{row['number']:>6}  {row['received_at'][:16]}  {row['reason']:<22} "
                f"{row['submitter']:<16} {row['form_id']}"
            )

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
        self.stdout.write(f"{held['items']} items, {held['bytes'] / 1e6:.1f} MB")
        for row in kept_out:
            self.stdout.write(
                f"{row['day']}  {row['limit']:<12} {row['reason']:<22} "
                f"{row['submitter']:<16} {row['count']}"
            )

    def _show(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        last = document_to_take(item) if options["repaired"] else received_document(item)
        self.stdout.write(last.decode("utf-8", "replace"))

    def _export(self, options: dict[str, Any]) -> None:
        item = _item(options["number"])
        with archive(item) as packed, options["file"].open("xb") as file:
            shutil.copyfileobj(packed, file)
        self.stdout.write(str(options["file"]))

    def _replay(self, options: dict[str, Any]) -> None:
        if (options["number"] is None) == (not options["reason"]):
            raise CommandError("Give a number, or --reason.")
        if options["number"] is not None:
            receipt = services.replay(
                item=_item(options["number"]), user=None, access=None, at=clock.now()
            )
            told = services.Replayed(1, {})
            self.stderr.write(f"{receipt.outcome}: submission {receipt.submission_id}")
        else:
            items = Quarantined.objects.filter(reason=options["reason"])
            told = services.replay_many(items, user=None, access=None, at=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"taken": told.taken, "refused": told.refused}))
            return
        self.stdout.write(f"taken: {told.taken}")
        for reason, number in sorted(told.refused.items()):
            self.stdout.write(f"{reason}: {number}")

    def _drop(self, options: dict[str, Any]) -> None:
        found = _AGE.fullmatch(options["older_than"])
        if found is None:
            raise CommandError("Say an age as 90d (days) or 12h (hours).")
        at = clock.now()
        age = timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
        before = at - age
        if not options["yes"]:
            number = Quarantined.objects.filter(received_at__lt=before).count()
            self.stdout.write(f"{number} would be dropped for good. Add --yes to do it.")
            return
        dropped = services.drop(received_before=before, at=at)
        self.stdout.write(f"dropped: {dropped.items}  files: {dropped.files}")


def _item(number: int) -> Quarantined:
    found = Quarantined.objects.select_related("submitter").filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no number {number} in the quarantine.")
    return found
