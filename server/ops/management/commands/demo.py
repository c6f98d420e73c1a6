"""./ruhu demo: make a street of fictional people by submitting records through the real accept path."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from server.core import clock
from server.core.problems import Problem
from server.ops.demo.street import FormsMissing, OtherDivisions, Result, Size, make

LOCAL = "http://127.0.0.1:8000"
_MOST_HOUSEHOLDS = 30_000
_MOST_COMMUNITIES = 60
_STREET = {"communities": 15, "households": 30_000, "quarters": 4}
"""A street of the size that the office plans with: over 100,000 submissions."""

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
    help = gettext_noop(
        "Make a demo street: boundaries, households, employers, visits over some quarters, with "
        "the defects that real data has. All people are fictional. A second run changes nothing; "
        "an interrupted run is finished with the sizes it was started with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        size = Size()
        parser.add_argument(
            "--street",
            action="store_true",
            help=_(
                "a whole street instead: {communities} communities with {households} households in all, {quarters} quarters"
            ).format(**_STREET),
        )
        parser.add_argument(
            "--communities",
            type=int,
            default=size.communities,
            help=_("number of communities (default: %(default)s)"),
        )
        parser.add_argument(
            "--households",
            type=int,
            default=200,
            help=_("households in each community (default: %(default)s)"),
        )
        parser.add_argument(
            "--quarters",
            type=int,
            default=size.quarters,
            help=_("quarters of history (default: %(default)s)"),
        )
        parser.add_argument(
            "--seed",
            type=int,
            default=size.seed,
            help=_("seed of the random choices (default: %(default)s)"),
        )
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help=_("everything happens before this day, YYYY-MM-DD (default: today)"),
        )
        parser.add_argument(
            "--base-url",
            default=settings.RUHU_BASE_URL or LOCAL,
            help=_("where phones reach this server (default: %(default)s)"),
        )
        parser.add_argument("--json", action="store_true", help=_("print one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        households = options["households"] * options["communities"]
        if options["street"]:
            options |= _STREET
            households = _STREET["households"]
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
        started = time.monotonic()
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
            self._print_json(result, options["base_url"])
        else:
            self._print(result, options["base_url"], time.monotonic() - started)

    def _print_json(self, result: Result, server: str) -> None:
        members = {
            "created": not result.already_existed,
            "ledgers": result.ledgers,
            "defects": result.defects,
            "logins": [login.as_json(server) for login in result.logins],
        }
        self.stdout.write(json.dumps(members, ensure_ascii=False))

    def _print(self, result: Result, server: str, seconds: float) -> None:
        if result.already_existed:
            self.stdout.write(_("The demo street exists already."))
        else:
            self.stdout.write(
                _("The demo street is ready ({seconds:.0f} s).").format(seconds=seconds)
            )
        for heading, counts in (
            (_("Ledgers"), result.ledgers),
            (_("Defects in the data"), result.defects),
        ):
            if counts:
                self.stdout.write(f"\n{heading}")
                for key, number in counts.items():
                    self.stdout.write(f"  {number:>8,}  {_LABELS[key]}")
        if result.logins:
            self.stdout.write("\n" + _("Log-ins, shown only once"))
        for login in result.logins:
            members = login.as_json(server)
            self.stdout.write(
                f"  {login.username:<10} {login.password:<22} {login.role:<14} {' '.join(login.areas)}"
            )
            if "base_url" in members:
                self.stdout.write(f"             Collect: {members['base_url']}")


class Bar:
    """Progress: a bar on a terminal, elsewhere a line every ten seconds."""

    _WIDTH = 30
    _LINE_EVERY = 10.0  # seconds

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.last = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        is_done, label = done >= total, _LABELS[stage]
        if self.out.isatty():
            filled = self._WIDTH * done // max(1, total)
            bar = "#" * filled + "." * (self._WIDTH - filled)
            self.out.write(f"\r{label} [{bar}] {done:>6}/{total}" + ("\n" if is_done else ""))
        elif is_done or time.monotonic() - self.last > self._LINE_EVERY:
            self.last = time.monotonic()
            self.out.write(f"{label} {done}/{total}\n")
        self.out.flush()
