"""./ruhu demo: a street of made-up people, sent through the real accept path."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.core import clock
from server.core.problems import Problem
from server.ops.demo.street import FormsMissing, OtherDivisions, Result, Size, make

LOCAL = "http://127.0.0.1:8000"
_MOST_HOUSEHOLDS = 30_000
_MOST_COMMUNITIES = 60

_LABELS = {
    "submissions": gettext_lazy("submissions"),
    "households": gettext_lazy("households"),
    "persons": gettext_lazy("persons"),
    "employers": gettext_lazy("employers"),
    "vacancies": gettext_lazy("vacancies"),
    "cases": gettext_lazy("assistance cases"),
    "visits": gettext_lazy("visits"),
    "exceptions": gettext_lazy("open exceptions"),
    "two_rosters": gettext_lazy("people on two rosters"),
    "no_id": gettext_lazy("people without an ID number"),
    "bad_id": gettext_lazy("ID numbers that fail their check"),
    "id_15_digits": gettext_lazy("15-digit ID numbers"),
    "no_gps": gettext_lazy("surveys without GPS"),
    "far_gps": gettext_lazy("surveys with GPS more than 1 km off"),
    "late": gettext_lazy("submissions more than 7 days late"),
    "deaths": gettext_lazy("deaths reported"),
    "deaths_taken_back": gettext_lazy("deaths taken back"),
    "new_codes": gettext_lazy("communities with a new code"),
    "ledgers": gettext_lazy("merging"),
}


class Command(BaseCommand):
    help = (
        "Make a demo street: boundaries, households, employers, visits over some quarters, with "
        "the defects real data has. Everybody is made up. A second run changes nothing; a run "
        "that was interrupted is finished with the sizes it was begun with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        size = Size()
        parser.add_argument("--communities", type=int, default=size.communities)
        parser.add_argument(
            "--households", type=int, default=200, help="in each community (default %(default)s)"
        )
        parser.add_argument(
            "--quarters", type=int, default=size.quarters, help="of history (default %(default)s)"
        )
        parser.add_argument("--seed", type=int, default=size.seed)
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help="everything happened before this day, YYYY-MM-DD (default: today)",
        )
        parser.add_argument(
            "--base-url",
            default=settings.RUHU_BASE_URL or LOCAL,
            help="where phones reach this server (default: RUHU_BASE_URL, else %(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        households = options["households"] * options["communities"]
        for name, value, most in (
            ("--communities", options["communities"], _MOST_COMMUNITIES),
            ("--quarters", options["quarters"], 12),
            ("--households", households, _MOST_HOUSEHOLDS),
        ):
            if not 1 <= value <= most:
                raise CommandError(
                    _("{name}: 1 to {most} in all, not {value}.").format(
                        name=name, most=most, value=value
                    )
                )
        until = options["until"] or clock.today()
        if until > clock.today():
            raise CommandError(_("--until lies in the future."))
        size = Size(
            communities=options["communities"],
            households=households,
            quarters=options["quarters"],
            seed=options["seed"],
            until=until.isoformat(),
        )
        began = time.monotonic()
        try:
            result = make(size, Bar(sys.stderr))
        except FormsMissing as missing:
            raise CommandError(
                _("Not published yet: {forms}. Run “./ruhu publish xlsforms/*.xlsx” first.").format(
                    forms=missing
                )
            ) from None
        except OtherDivisions as other:
            raise CommandError(
                _(
                    "Division {code} has boundaries of its own here; the demo would mix with real data. Use an empty database."
                ).format(code=other)
            ) from None
        except Problem as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self._tell_scripts(result, options["base_url"])
        else:
            self._tell(result, options["base_url"], time.monotonic() - began)

    def _tell_scripts(self, result: Result, server: str) -> None:
        told = {
            "created": not result.was_there,
            "ledgers": result.ledgers,
            "defects": result.defects,
            "logins": [login.told(server) for login in result.logins],
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False))

    def _tell(self, result: Result, server: str, seconds: float) -> None:
        if result.was_there:
            self.stdout.write(_("The demo street is there already."))
        else:
            self.stdout.write(
                _("The demo street is ready ({seconds:.0f} s).").format(seconds=seconds)
            )
        for heading, counts in (
            (_("Ledgers"), result.ledgers),
            (_("Defects put in"), result.defects),
        ):
            if counts:
                self.stdout.write(f"\n{heading}")
                for what, number in counts.items():
                    self.stdout.write(f"  {number:>8,}  {_LABELS[what]}")
        if result.logins:
            self.stdout.write("\n" + _("Log-ins, shown this once"))
        for login in result.logins:
            told = login.told(server)
            self.stdout.write(
                f"  {login.username:<10} {login.password:<22} {login.role:<14} {' '.join(login.areas)}"
            )
            if "base_url" in told:
                self.stdout.write(f"             Collect: {told['base_url']}")


class Bar:
    """Progress on stderr: a bar on a terminal, now and then a plain line elsewhere."""

    _WIDTH = 30
    _LINE_EVERY = 10.0  # seconds

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.last = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        is_done, label = done >= of, _LABELS[what]
        if self.out.isatty():
            filled = self._WIDTH * done // max(1, of)
            bar = "#" * filled + "." * (self._WIDTH - filled)
            self.out.write(f"\r{label} [{bar}] {done:>6}/{of}" + ("\n" if is_done else ""))
        elif is_done or time.monotonic() - self.last > self._LINE_EVERY:
            self.last = time.monotonic()
            self.out.write(f"{label} {done}/{of}\n")
        self.out.flush()
