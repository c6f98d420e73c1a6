"""./ruhu quarantine list|show: what was received and could not be taken as data."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from server.core.sealing import unseal_document
from server.submissions.models import Quarantined


class Command(BaseCommand):
    help = "List what could not be taken as data, and why; write out one document."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="list the quarantine, newest first")
        listing.add_argument("--json", action="store_true", help="print a JSON array")
        listing.add_argument("--limit", type=int, default=100)
        show = acts.add_parser(
            "show", help="write the document, exactly as received, to standard output"
        )
        show.add_argument("number", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            self._list(options["limit"], as_json=options["json"])
        else:
            self._show(options["number"])

    def _list(self, limit: int, *, as_json: bool) -> None:
        kept = Quarantined.objects.defer("document").select_related("submitter")[:limit]
        rows: list[dict[str, Any]] = [
            {
                "number": item.pk,
                "received_at": item.received_at.isoformat(),
                "reason": item.reason,
                "detail": item.detail,
                "form_id": item.form_id,
                "instance_id": item.instance_id,
                "bytes": item.size,
                "files": len(item.attachments),
                "submitter": item.submitter.username if item.submitter else "",
                "area": item.area,
            }
            for item in kept
        ]
        if as_json:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(
                f"{row['number']:>6}  {row['received_at'][:16]}  {row['reason']:<22} "
                f"{row['submitter']:<16} {row['form_id']}"
            )

    def _show(self, number: int) -> None:
        found = Quarantined.objects.filter(pk=number).first()
        if found is None:
            raise CommandError(f"There is no number {number} in the quarantine.")
        self.stdout.write(unseal_document(bytes(found.document)).decode("utf-8", "replace"))
