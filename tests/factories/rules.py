"""Values of the rule table that somebody decided, and people whom rules concern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core import clock
from tests.factories.console import AT
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

SEEKING = {
    "emp_status": "21",
    "work_capacity": "1",
    "job_willing": "1",
    "hukou_type": "10",
    "spell.unemp_date": "2026-02-01",
}


def make_rule(user: Any, area: str, reason: str = "核对") -> Any:
    """A value that somebody decided for an area, and that changes nothing."""
    from server.ledgers.models import RuleValue

    return RuleValue.objects.create(
        key="visit_attempts",
        area_code=area,
        value="3",
        since=AT.date(),
        reason=reason,
        decided_at=AT,
        decided_by=user,
        queued_on=AT.date(),
    )


def make_people(make_user: Callable[..., Any]) -> Any:
    """Two men who seek work, 56 and 51 years old at least, and a child; the eldest first."""
    from server.ledgers import services
    from server.ledgers.models import Person

    staff, versions = make_user("zhang"), make_versions()
    for number, born in enumerate(("1970-05-01", "1975-01-01", "2019-01-01")):
        seeking = SEEKING if number < 2 else {}
        filled = street(number, [member(id_no=id_number(born, 2 * number + 1), **seeking)])
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=staff,
            instance_id=f"uuid:{uuid_of(str(number))}",
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=clock.today())
    return Person.objects.order_by("birth_date")
