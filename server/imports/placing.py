"""Where the rows of an old ledger lie, and whom they name: communities by name or code, employers by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS, Access
from server.geo.codes import code_prefix, lies_in, whole_code
from server.geo.models import Division, Level
from server.geo.selectors import divisions_inside, names_before
from server.imports.old_forms import ENTRY
from server.ledgers.intake.old_columns import AREA, AS_OF
from server.ledgers.intake.old_ledgers import Remark, Row
from server.ledgers.models import Employer

_SUFFIXES: Final = ("社区居民委员会", "村民委员会", "社区居委会", "居委会", "村委会", "社区", "村")
_NAME, _CODE = "employer.name", "employer.uscc"


def placed(
    rows: Iterable[Row], *, ledger: str, area: str, as_of: str, access: Access
) -> Iterator[Row | Remark]:
    """Each row with its community's code, its day and the uuid of the employer that it names; a remark for a row that stays out.

    `area` is the whole code of the division in which all rows lie; it is their community where they
    name none. Two queries.
    """
    rows = list(rows)
    communities = _Communities(area, access)
    employers = _employers(rows, access) if ledger == "vacancy" else {}
    for row in rows:
        values = dict(row.values)
        named = values.get(AREA, "")
        code = communities.code(named) if named else communities.own(area)
        if code is None:
            yield _remark(row, _no_community(named))
            continue
        values |= {AREA: code, AS_OF: values.get(AS_OF) or as_of}
        if ledger == "vacancy" and not values.get(_CODE):
            known = employers.get(values.get(_NAME, ""), [])
            if len(known) != 1:
                yield _remark(row, _no_employer(values.get(_NAME, ""), len(known)))
                continue
            values[f"employer.{ENTRY}"] = known[0]
            values.pop(_NAME)  # the ledger has it
        yield Row(row.sheet, row.number, values)


def _remark(row: Row, reason: str) -> Remark:
    return Remark(row.sheet, row.number, "", reason)


def _no_community(named: str) -> str:
    if not named:
        return _(
            "the row names no community: add a column 所属社区, or choose a community for the file"
        )
    return _("the area of the file has no community of this name or code")


def _no_employer(name: str, known: int) -> str:
    if not name:
        return _("the employer is missing: add its name or credit code")
    if known:
        return _("several employers have this name: add the credit code")
    return _(
        "no employer of your areas has this name: take in the employers first, or add the credit code"
    )


class _Communities:
    """The communities of a division in which the user may take rows in."""

    def __init__(self, area: str, access: Access) -> None:
        self._codes: set[str] = set()
        self._by_name: dict[str, set[str]] = defaultdict(set)
        mine = divisions_inside(access.held_as(REVIEWERS)).filter(
            lies_in(code_prefix(area), "code"), level=Level.COMMUNITY, valid_to=None
        )
        divisions = list(mine)
        before = names_before(division.code for division in divisions)
        for division in divisions:
            self._codes.add(division.code)
            for name in _names(division) | set(map(_short, before.get(division.code, ()))):
                self._by_name[name].add(division.code)

    def own(self, area: str) -> str | None:
        """The division's code if it is a community."""
        return area if area in self._codes else None

    def code(self, named: str) -> str | None:
        """The community of this code or name, if it is exactly one."""
        whole = whole_code(named)
        if whole is not None:
            return self.own(whole)
        codes = self._by_name.get(_short(named), set())
        return next(iter(codes)) if len(codes) == 1 else None


def _names(division: Division) -> set[str]:
    return {_short(name) for name in (division.name, division.name_en) if name}


def _short(name: str) -> str:
    """A community's name without what is written after it or not: 五山社区居委会 is 五山."""
    plain = name.strip().casefold()
    suffix = next((end for end in _SUFFIXES if plain.endswith(end)), "")
    return plain.removesuffix(suffix) or plain


def _employers(rows: Iterable[Row], access: Access) -> dict[str, list[str]]:
    """Name → the uuids of the employers of the user's areas that have it."""
    wanted = {row.values[_NAME] for row in rows if row.values.get(_NAME)}
    by_name: dict[str, list[str]] = defaultdict(list)
    mine = Employer.objects.filter(access.within(roles=REVIEWERS), name__in=wanted)
    for entry, name in mine.values_list("pk", "name"):
        by_name[name or ""].append(str(entry))
    return by_name


def takes_in(access: Access, area: str) -> bool:
    """Whether the user takes in old ledgers for this division, by its whole code."""
    return access.may(REVIEWERS, code_prefix(area)) and Division.objects.filter(pk=area).exists()
