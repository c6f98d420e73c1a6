"""What the demo's clerk does for those who look for work: publishes vacancies, and opens the public bulletin."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from server.accounts.access import access_of
from server.accounts.models import User
from server.bulletin.services import keep_bulletin
from server.core.clock import now
from server.ledgers.definitions.vocabulary import VacancyState
from server.ledgers.selectors import vacancies
from server.ledgers.services import move
from server.ops.demo import boundaries, defects, logins

_SHARE = 0.7
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
