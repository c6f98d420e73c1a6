"""./ruhu rules list|preview: the dated rule table, and what a further rule would change in the ledgers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from server.core import clock
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.folding.derive.rules import Rule
from server.ledgers.refolding.previewing import Preview, UnfitRule, preview
from server.ledgers.storage.rules import standing_rules

MOST = 1000


class Command(BaseCommand):
    help = gettext_noop(
        "List the dated rules, or show what a further rule would change in the ledgers. Writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser(
            "list", help=_("list key, area, days and value, what offices decided first")
        )
        listing.add_argument("key", nargs="?", default="", help=_("only keys that begin with this"))
        previewing = acts.add_parser(
            "preview",
            help=_("fold an area with a further rule and list what would differ"),
            description=_(
                "Folds entries of the area in memory, with the table in force and with the further rule, as of today or, when it begins later, of its first day. The output has ids and counts, no names."
            ),
        )
        previewing.add_argument("key", help=_("a key of the table"))
        previewing.add_argument("value", help=_("of the kind that the key has in the table"))
        previewing.add_argument(
            "--from", dest="since", type=_day, required=True, metavar="DAY", help=_("first day")
        )
        previewing.add_argument(
            "--to", dest="until", type=_day, metavar="DAY", help=_("first day no longer")
        )
        previewing.add_argument(
            "--area", default="", help=_("division code or its leading digits; all without it")
        )
        previewing.add_argument(
            "--most", type=int, default=MOST, help=_("entries of each ledger (1000)")
        )
        previewing.add_argument(
            "--entries", action="store_true", help=_("list each entry with its columns, too")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            self._list(options["key"])
            return
        area, since, until = options["area"], options["since"], options["until"]
        if area and not area.isdecimal():
            raise CommandError(_("--area takes a division code or its leading digits."))
        if until is not None and until <= since:
            raise CommandError(_("--to takes a day after that of --from."))
        if options["most"] < 1:
            raise CommandError(_("--most takes a number from 1 on."))
        rule = Rule(options["key"], area, since, until, options["value"].strip())
        try:
            result = preview(rule, today=clock.today(), most=options["most"])
        except UnfitRule:
            raise CommandError(
                _(
                    "The table has no rule {key} with a value like this. './ruhu rules list' shows keys and values."
                ).format(key=rule.key)
            ) from None
        self._print(result)
        if options["entries"]:
            for (ledger, entry), columns in sorted(result.entries.items()):
                self.stdout.write(f"{ledger} {entry} {' '.join(columns)}".rstrip())

    def _list(self, prefix: str) -> None:
        for rule in standing_rules().all:
            if rule.key.startswith(prefix):
                until = rule.until.isoformat() if rule.until else ""
                self.stdout.write(
                    f"{rule.key:<36} {rule.area:<12} {rule.since} {until:<10} {rule.value}"
                )

    def _print(self, result: Preview) -> None:
        compared = result.compared.total()
        self.stdout.write(
            ngettext(
                "As of {day}: {changed} of {number} entry would change",
                "As of {day}: {changed} of {number} entries would change",
                compared,
            ).format(day=result.day, changed=len(result.entries), number=compared)
        )
        for (ledger, column, before, after), number in sorted(result.columns.items()):
            declared = COLUMNS[ledger].get(column)
            label = declared.label if declared else DEFINITIONS[ledger].label
            where = f"{ledger}.{column}" if column else ledger
            change = f" {before or _('none')} → {after or _('none')}" if before or after else ""
            self.stdout.write(f"  {number:>6}  {where} {label}{change}")
        for ledger in sorted(result.cut):
            self.stdout.write(
                _("  {ledger}: the area has more entries; --most takes more of them").format(
                    ledger=DEFINITIONS[ledger].label
                )
            )


def _day(text: str) -> date:
    """The day of an argument. Raises ValueError, of which argparse makes the message."""
    return date.fromisoformat(text)
