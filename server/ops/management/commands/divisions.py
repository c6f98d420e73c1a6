"""./ruhu divisions import|list: the administrative divisions and their boundaries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core.problems import Problem
from server.geo.models import Division
from server.geo.problems import BadGeoJson
from server.geo.services import Imported, import_divisions

MAX_BYTES = 200 * 1024 * 1024


class Command(BaseCommand):
    help = gettext_noop(
        "Import divisions and their boundaries from GeoJSON (WGS 84), or list them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        importing = acts.add_parser(
            "import",
            help=_("create or update divisions; importing a file again changes nothing"),
            description=_(
                "A FeatureCollection with a feature for each division: “code” (12 digits) and “name” among its properties, its outline or null as geometry; “name_en”, “valid_from”, “valid_to” (days), “parent” and “successors” (codes) are optional."
            ),
        )
        importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
        importing.add_argument(
            "--dry-run", action="store_true", help=_("check only, write nothing")
        )
        listing = acts.add_parser("list", help=_("list code, name, validity and boundaries"))
        listing.add_argument("--area", default="", help=_("only codes that begin with this"))
        for act in (importing, listing):
            act.add_argument("--json", action="store_true", help=_("print one JSON object a line"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            self._list(options["area"], as_json=options["json"])
            return
        try:
            with transaction.atomic():
                for file in options["files"]:
                    imported = import_divisions(_read(file), source=file.name)
                    self._print(file, imported, as_json=options["json"])
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except Problem as problem:
            raise CommandError(f"{file.name}: {problem.title}. {problem.detail}") from None

    def _print(self, file: Path, imported: Imported, *, as_json: bool) -> None:
        if as_json:
            members = {"file": file.name} | {
                name: getattr(imported, name) for name in imported.__slots__
            }
            self.stdout.write(json.dumps(members, ensure_ascii=False))
            return
        self.stdout.write(
            _("{file}: {created} created, {updated} updated, {unchanged} unchanged").format(
                file=file.name,
                created=len(imported.created),
                updated=len(imported.updated),
                unchanged=len(imported.unchanged),
            )
        )
        if imported.repaired:
            self.stdout.write(
                _("outlines repaired: {codes}").format(codes=", ".join(imported.repaired))
            )
        if imported.placeholders:
            self.stdout.write(
                _("ancestors created without a name: {codes}").format(
                    codes=", ".join(imported.placeholders)
                )
            )

    def _list(self, area: str, *, as_json: bool) -> None:
        rows = (
            Division.objects.filter(code__startswith=area)
            .annotate(n_boundaries=Count("boundaries"))
            .order_by("code")
        )
        for division in rows:
            members = {
                "code": division.code,
                "level": division.get_level_display(),
                "name": division.name,
                "name_en": division.name_en,
                "valid_from": division.valid_from and division.valid_from.isoformat(),
                "valid_to": division.valid_to and division.valid_to.isoformat(),
                "boundaries": division.n_boundaries,
            }
            if as_json:
                self.stdout.write(json.dumps(members, ensure_ascii=False))
            else:
                self.stdout.write("  ".join(str(value) for value in members.values() if value))


def _read(file: Path) -> Any:
    """The file's JSON. Raises CommandError when there is no such file, BadGeoJson when it is none."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadGeoJson(reason=_("It is larger than 200 MB."))
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadGeoJson(reason=_("It is not JSON in UTF-8.")) from None
