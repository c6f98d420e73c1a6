"""./ruhu restored: what a restore, and one on trial, look at inside the application."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.audit.models import Act
from server.audit.services import record
from server.audit.tasks import write_head
from server.core import blobs
from server.core.sealed_files import CHUNK, open_sealed
from server.core.sealing import UnknownKey
from server.submissions.models import Attachment


class Command(BaseCommand):
    help = gettext_noop(
        "After a restore: count records whose files are missing, and note the restore in the audit log. './ruhu restore' calls it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_mutually_exclusive_group(required=True)
        acts.add_argument("--at", type=datetime.fromisoformat, help=_("the moment restored to"))
        acts.add_argument(
            "--files",
            type=Path,
            metavar="FOLDER",
            help=_("only look whether the named files in this folder are whole"),
        )
        parser.add_argument("names", nargs="*", help=_("SHA-256 of what a file holds"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["files"]:
            self._look(options["files"], options["names"])
        else:
            self._finish(options["at"])

    def _look(self, folder: Path, names: list[str]) -> None:
        damaged = [name for name in names if _content_hash(folder / name[:2] / name) != name]
        if damaged:
            raise CommandError(_("Missing or damaged: {names}").format(names=" ".join(damaged[:3])))

    def _finish(self, at: datetime) -> None:
        names = Attachment.objects.values_list("sha256", flat=True).distinct()
        missing = sum(not blobs.exists(name) for name in names.iterator())
        facts = {"as_of": at.isoformat(), "files_missing": missing}
        with transaction.atomic():
            record(Act.RESTORED, actor=None, facts=facts)
        write_head(settings.RUHU_AUDIT_HEADS)
        self.stdout.write(_("Files that are missing: {count}").format(count=missing))


def _content_hash(path: Path) -> str:
    """The SHA-256 of what a sealed file holds; "" when it cannot be opened."""
    digest = hashlib.sha256()
    try:
        with open_sealed(path) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except (OSError, InvalidTag, UnknownKey, ValueError):
        return ""
    return digest.hexdigest()
