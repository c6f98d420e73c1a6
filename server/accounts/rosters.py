"""A list of workers as a clerk pastes it from a spreadsheet: a line each, with name, division and perhaps a user name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from server.accounts.models import User
from server.accounts.problems import RosterWrong
from server.accounts.services import NAME_LENGTH, USER_NAME, NewWorker, add_worker

MOST: Final = 60
"""Workers of a list; each password takes a while to hash."""
_HEADS: Final = frozenset({"姓名", "name"})
_CELLS: Final = re.compile(r"\t|,|，|;|；")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """A worker to be, or why the line is none."""

    number: int  # of the line, from 1
    name: str
    username: str
    place: str  # as it was written
    area: str  # prefix of its division code; "" where there is a problem with it
    problem: str = ""


def read_roster(text: str, places: Mapping[str, Collection[str]]) -> list[RosterLine]:
    """The workers of a pasted list, each with what is wrong with the line. A query, and one for each division of a worker.

    A line has name, division and user name, with tabs or commas between them; a line of headings
    and blank lines are passed over. `places` maps names and codes of divisions to the prefixes
    of their codes. A worker without a user name gets one from the division's code.
    Raises RosterWrong when there is no worker, or more than MOST.
    """
    lines = list(_lines(text))
    if not lines:
        raise RosterWrong(reason=_("There is no line with a worker."))
    if len(lines) > MOST:
        raise RosterWrong(reason=_("There are more than {most} workers.").format(most=MOST))
    areas = [places.get(place, ()) for _number, _name, place, _username in lines]
    given = {username for *_rest, username in lines if username}
    prefixes = [f"w{next(iter(area))}-" for area in areas if len(area) == 1]
    taken = set(User.objects.filter(username__in=given).values_list("username", flat=True))
    made = _names_like(prefixes)
    seen: set[str] = set()
    roster = []
    for (number, name, place, username), area in zip(lines, areas, strict=True):
        problem = _problem(name, place, username, area, taken, seen)
        prefix = next(iter(area)) if len(area) == 1 else ""
        if not problem and not username:
            username = next(new for new in _numbered(f"w{prefix}-") if new not in made | seen)
        seen.add(username)
        roster.append(RosterLine(number, name, username, place, prefix, problem))
    return roster


@transaction.atomic
def add_roster(roster: Iterable[RosterLine], actor: User) -> list[NewWorker]:
    """Make all workers of a list, or none. Raises RosterWrong when a line has a problem, and as `add_worker`."""
    lines = list(roster)
    wrong = [line for line in lines if line.problem]
    if wrong:
        raise RosterWrong(reason=f"{wrong[0].number}: {wrong[0].problem}")
    return [
        add_worker(username=line.username, name=line.name, areas=[line.area], actor=actor)
        for line in lines
    ]


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [" ".join(cell.split()) for cell in _CELLS.split(line)]
        if not any(cells) or cells[0].lower() in _HEADS:
            continue
        name, place, username, *_others = [*cells, "", ""]
        yield number, name, place, User.normalize_username(username)


def _problem(
    name: str,
    place: str,
    username: str,
    areas: Collection[str],
    taken: Collection[str],
    seen: Collection[str],
) -> str:
    checks: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: not name, _("The name is missing.")),
        (lambda: len(name) > NAME_LENGTH, _("The name is too long.")),
        (lambda: not place, _("The division is missing.")),
        (lambda: not areas, _("You have no division of this name or code.")),
        (lambda: len(areas) > 1, _("Several of your divisions have this name; give the code.")),
        (
            lambda: bool(username) and not USER_NAME.fullmatch(username),
            _("The user name cannot be used: letters, digits, dots, hyphens and underscores."),
        ),
        (lambda: username in taken, _("The user name is taken.")),
        (lambda: bool(username) and username in seen, _("The user name stands here twice.")),
    )
    return next((text for is_wrong, text in checks if is_wrong()), "")


def _names_like(prefixes: Iterable[str]) -> set[str]:
    """The user names that begin with one of these."""
    names: set[str] = set()
    for prefix in set(prefixes):
        rows = User.objects.filter(username__startswith=prefix)
        names.update(rows.values_list("username", flat=True))
    return names


def _numbered(prefix: str) -> Iterator[str]:
    number = 1
    while True:
        yield f"{prefix}{number}"
        number += 1
