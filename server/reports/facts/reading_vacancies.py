"""Reading what the facts of vacancies follow from. The caller sees the rows of all areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import OfferState
from server.ledgers.models import Offer, Vacancy
from server.reports.facts.records import HireRecord, VacancyRecord

_WORKED: Final = (OfferState.HIRED, OfferState.RETAINED, OfferState.LEFT)
_OTHER_POST: Final = "9"  # list PW


def vacancies(entries: Collection[str]) -> Iterator[VacancyRecord]:
    """The vacancies of these entries that have a row."""
    columns = (
        "id", "area_code", "observed_at", "history", "n_wanted", "expires_on", "occupation",
        "is_public_welfare", "welfare_kind", "employer__industry", "employer__econ_type", "edu_min",
        "skill_min", "age_max",
    )  # fmt: skip
    rows: Any = Vacancy.objects.filter(pk__in=entries).values(*columns)
    hires = _hires(entries)
    for row in rows:
        states = row["history"].get("state", ())
        yield VacancyRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            begun_on=(
                date.fromisoformat(states[0][0]) if states else office_day(row["observed_at"])
            ),
            history=row["history"],
            wanted=1 if row["n_wanted"] is None else row["n_wanted"],
            expires_on=row["expires_on"],
            category=row["occupation"] or "",
            categories=((row["welfare_kind"] or _OTHER_POST,) if row["is_public_welfare"] else ()),
            hires=hires[str(row["id"])],
            industry=row["employer__industry"] or "",
            econ_type=row["employer__econ_type"] or "",
            edu=row["edu_min"] or "",
            skill=row["skill_min"] or "",
            age_max=row["age_max"],
        )


def _hires(entries: Collection[str]) -> dict[str, list[HireRecord]]:
    """The offers of these vacancies that led to work, the ones with an unknown day left out."""
    hires: dict[str, list[HireRecord]] = defaultdict(list)
    columns = ("vacancy_id", "id", "state", "hired_on", "left_on", "case_id")
    offers: Any = Offer.objects.filter(vacancy_id__in=entries, state__in=_WORKED)
    for vacancy, number, state, since, until, case in offers.order_by("id").values_list(*columns):
        if since is not None:
            left = until if state == OfferState.LEFT else None
            hires[str(vacancy)].append(HireRecord(str(number), since, left, case is not None))
    return hires


def concerned(taken: dict[str, set[str]]) -> set[str]:
    """The vacancies whose facts may differ where these entries (family → uuids) changed."""
    offers: Any = Offer.objects.filter(pk__in=taken.get("offer", ()))
    named = offers.exclude(vacancy_id=None).values_list("vacancy_id", flat=True)
    every: Any = Vacancy.objects
    theirs = every.filter(employer_id__in=taken.get("employer", ())).values_list("pk", flat=True)
    return set(taken.get("vacancy", ())) | {str(vacancy) for vacancy in (*named, *theirs)}
