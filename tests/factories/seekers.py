"""A surveyed household of two persons seeking work, each with a case that the survey opens."""

from __future__ import annotations

from datetime import date
from typing import Any

from server.ledgers import services
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of


def survey_two_seekers(worker: Any, as_of: date) -> None:
    """The worker's survey of the household, merged on a day."""
    people = [
        member(
            key=key, name=name, emp_status="21", work_capacity="1", job_willing="1",
            hukou_type="10", **{"spell.unemp_date": "2026-02-01"}, id_no=id_number(born, 1),
        )
        for key, name, born in (("p", "陈一", "1970-05-01"), ("q", "陈二", "1971-05-01"))
    ]  # fmt: skip
    filled = street(1, people)
    submission = store(
        filled,
        version=make_versions()[filled.form],
        submitter=worker,
        instance_id=f"uuid:{uuid_of('two seekers')}",
    )
    services.merge_submissions(submission_ids=[submission.pk], as_of=as_of)
