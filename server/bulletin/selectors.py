"""Reads of bulletins: those that staff keep, and what an open bulletin shows to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import F, QuerySet

from server.accounts.access import Access
from server.bulletin.models import Bulletin
from server.core.clock import today
from server.core.masking import mask_numbers
from server.geo.codes import code_prefix, lies_in
from server.ledgers.definitions.vocabulary import VacancyState
from server.ledgers.models import Employer, Vacancy

MOST: Final = 300
"""Posts on a page; the rest are counted."""
_SHOWN: Final = (VacancyState.PUBLISHED, VacancyState.PART_FILLED)


@dataclass(frozen=True, slots=True)
class Post:
    """A vacancy as everybody may read it: no person, no private contact, no limit of age."""

    number: str
    title: str
    employer: str  # "" where the bulletin does not name employers
    occupation: str  # code of list OCC
    n_open: int
    wage: tuple[Decimal | None, Decimal | None]
    education: str  # EDU
    skill: str  # SK
    hours: str  # HR
    board: tuple[str, ...]  # BL
    insurance: tuple[str, ...]  # INS
    is_public_welfare: bool
    takes_assisted: bool
    published_on: date
    expires_on: date


def bulletins(access: Access) -> QuerySet[Bulletin]:
    """The bulletins of the reader's areas."""
    return Bulletin.objects.filter(access.within()).select_related("changed_by")


def open_bulletin(area: str) -> Bulletin | None:
    """The division's bulletin, if it is open to everybody. The caller reads as that area."""
    return Bulletin.objects.filter(area_code=area, is_open=True).first()


def posts(bulletin: Bulletin, words: str = "") -> tuple[list[Post], int]:
    """The newest posts of a bulletin that have a place left, at most MOST, and how many there are. Three queries.

    A post is a vacancy of the division that staff published, whose last day is not over. With
    `words` its title has them.
    """
    rows = _vacancies(bulletin)
    if words:
        rows = rows.filter(title__icontains=words)
    total = rows.count()
    shown = list(rows.order_by("-published_on", "id")[:MOST])
    names = _employers(shown) if bulletin.shows_employers else {}
    return [_post(row, names.get(row.employer_id, "")) for row in shown], total


def n_posts(kept: Iterable[Bulletin]) -> dict[str, int]:
    """Division code → its posts. One query a bulletin."""
    return {bulletin.area_code: _vacancies(bulletin).count() for bulletin in kept}


def _vacancies(bulletin: Bulletin) -> QuerySet[Vacancy]:
    return Vacancy.objects.filter(
        lies_in(code_prefix(bulletin.area_code)),
        state__in=_SHOWN,
        published_on__isnull=False,
        expires_on__gte=today(),
        n_wanted__gt=F("n_filled"),
    )


def _employers(rows: list[Vacancy]) -> dict[UUID | None, str]:
    wanted = {row.employer_id for row in rows if row.employer_id}
    names = Employer.objects.filter(pk__in=wanted).values_list("pk", "name")
    return {employer: name or "" for employer, name in names}


def _post(row: Vacancy, employer: str) -> Post:
    return Post(
        number=row.vacancy_no,
        title=mask_numbers(row.title),
        employer=mask_numbers(employer),
        occupation=row.occupation or "",
        n_open=row.n_wanted - row.n_filled,
        wage=(row.wage_min, row.wage_max),
        education=row.edu_min or "",
        skill=row.skill_min or "",
        hours=row.hours or "",
        board=tuple(row.board or ()),
        insurance=tuple(row.insurance or ()),
        is_public_welfare=bool(row.is_public_welfare),
        takes_assisted=bool(row.accepts_assisted),
        published_on=row.published_on,
        expires_on=row.expires_on,
    )
