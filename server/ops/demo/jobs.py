"""What the demo's clerk does for those who look for work: publishes vacancies, suggests some, and opens the public bulletin."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from server.accounts.access import access_of
from server.accounts.models import User
from server.bulletin.services import keep_bulletin
from server.core.clock import now, office_day
from server.ledgers.definitions.vocabulary import OfferState, VacancyState
from server.ledgers.models import Offer
from server.ledgers.selectors import seekers_for, vacancies
from server.ledgers.services import move, suggest
from server.ops.demo import boundaries, defects, logins

_SHARE = 0.7
_SUGGESTED = 15  # vacancies
_ANSWERS: tuple[tuple[OfferState, dict[str, str], str] | None, ...] = (
    None,
    (OfferState.ACCEPTED, {}, "电话里同意去面试"),
    (OfferState.CONSIDERED, {}, "要和家里商量"),
    (OfferState.REFUSED, {"refuse_reason": "2"}, "嫌远"),
)
"""What comes of the suggestions, in turn: the next state, what it needs, and why; None: no answer yet."""
_CONTACT = "棠荫路1号街道党群服务中心二楼 020-00001234 周一至周五 9:00–17:00"


def publish_vacancies(seed: int, usernames: set[str]) -> None:
    """Publish most vacancies in the name of the street's reviewer, if `usernames` has them, and open the street's bulletin."""
    if logins.REVIEWER not in usernames:
        return
    clerk = User.objects.get(username=logins.REVIEWER)
    access = access_of(clerk)
    reported = vacancies(access).filter(state=VacancyState.REPORTED).order_by("vacancy_no")
    rng = Random(f"jobs {seed}")  # noqa: S311 a demo must repeat itself
    for vacancy in defects.sample(rng, list(reported), _SHARE):
        at = min(vacancy.observed_at + timedelta(days=1), now())
        move(
            entry=vacancy, to=VacancyState.PUBLISHED, values={}, reason="已电话核实", evidence=[],
            access=access, at=at,
        )  # fmt: skip
    keep_bulletin(
        area=boundaries.STREET.ljust(12, "0"), contact=_CONTACT, shows_employers=True, is_open=True,
        user=clerk, access=access,
    )  # fmt: skip


def suggest_vacancies(usernames: set[str]) -> None:
    """Suggest published vacancies to those whom they suit best, if `usernames` has the street's reviewer, and note some answers."""
    if logins.REVIEWER not in usernames:
        return
    access = access_of(User.objects.get(username=logins.REVIEWER))
    published = vacancies(access).filter(state=VacancyState.PUBLISHED)
    for number, vacancy in enumerate(published.order_by("vacancy_no")[:_SUGGESTED]):
        at = min(vacancy.observed_at + timedelta(days=2), now())
        suiting = seekers_for(access, vacancy, office_day(at)).rows
        person = next((row.entry for row in suiting if row.offer is None), None)
        if person is None:
            continue
        act = suggest(
            person=person.pk, vacancy=vacancy.pk, reason="工种和地点合适", channel="3",
            access=access, at=at,
        )  # fmt: skip
        answer = _ANSWERS[number % len(_ANSWERS)]
        if answer is not None:
            to, values, reason = answer
            move(
                entry=Offer.objects.get(pk=act.entry), to=to, values=values, reason=reason,
                evidence=[], access=access, at=at + timedelta(minutes=20),
            )  # fmt: skip
