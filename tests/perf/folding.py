"""How long folding one entry with a long history takes: a person with 100 contributions, a household with 24 visits.

    python tests/perf/folding.py [--rounds 50]

Folds contributions made by hand, without a database. Prints a table, then one JSON object:
milliseconds of processor time, the least of the rounds, beside the most it may be.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

FIRST = date(2024, 1, 10)
AS_OF = date(2026, 11, 28)
TARGETS = {"person_100_contributions": 5.0, "household_24_visits": 20.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    import django

    django.setup()
    histories = {"person_100_contributions": _person(100), "household_24_visits": _household(24)}
    figures = {name: _least(made, options.rounds) for name, made in histories.items()}
    for name, milliseconds in figures.items():
        print(f"{name:<28} {milliseconds:>7.2f} ms   at most {TARGETS[name]:.0f} ms")
    print(json.dumps(figures))


def _least(contributions: Any, rounds: int) -> float:
    """The least milliseconds of processor time that folding the contributions took."""
    from server.ledgers.folding.derive.rules import rules
    from server.ledgers.folding.fold import fold_everything
    from server.ledgers.identity.components import components

    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    taken = []
    for _round in range(rounds):
        started = time.process_time()
        fold_everything(contributions, entries, AS_OF, rules())
        taken.append(time.process_time() - started)
    return round(min(taken) * 1000, 2)


def _person(count: int) -> Any:
    """A person of whom a record each ten days says something, with work found and lost."""
    from tests.factories.contributions import History

    history = History()
    for number in range(count):
        status = ("20", "21", "10", "22")[number // 8 % 4]
        history.state(
            "person",
            "a",
            FIRST + timedelta(days=10 * number),
            {
                "name": "陈一",
                "sex": "1",
                "birth_date": "1975-03-02",
                "work_capacity": "1",
                "job_willing": number % 3 > 0,
                "emp_status": status,
                "hukou_type": "10",
                "edu": "20",
                "phone": f"sealed {number // 30}",
                "residence_kind": "1",
            },
        )
    return history.contributions


def _household(count: int) -> Any:
    """A household of three, surveyed each quarter, with visits to it and what each found of two of its members."""
    from tests.factories.contributions import History

    history = History()
    for quarter in range(8):
        day, submission = FIRST + timedelta(days=91 * quarter), history.submission()
        place = {"address": "示范路1号", "loc": [113.3501, 23.1301, 0.0, 8.0]}
        history.state("household", "x", day, place, submission=submission)
        for number, name in enumerate("abc"):
            values = {"name": f"陈{name}", "sex": "1", "birth_date": f"19{70 + number}-03-02",
                      "relation": str(min(number, 1)), "residence_kind": "1", "work_capacity": "1",
                      "job_willing": True, "emp_status": "20"}  # fmt: skip
            history.state(
                "person", name, day, values, links={"member_of": "x"}, submission=submission
            )
    for number in range(count):
        day, submission = FIRST + timedelta(days=40 + 40 * number), history.submission()
        history.state("household", "x", day, {}, submission=submission)
        history.state("visit", f"v{number}", day, {"outcome": "1"}, links={"household": "x"},
                      submission=submission)  # fmt: skip
        for name in "ab":
            values = {"emp_status": ("20", "10")[number // 6 % 2], "job_willing": True}
            history.state("person", name, day, values, submission=submission)
    return history.contributions


if __name__ == "__main__":
    main()
