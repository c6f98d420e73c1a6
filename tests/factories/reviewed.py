"""Surveys that are merged into the ledgers and wait for review, with a form whose answers pages can show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.factories.console import _item
from tests.factories.ledgers import Filled, make_versions, store, uuid_of

AS_OF = date(2026, 11, 23)
QUESTIONS: dict[str, Any] = {
    "items": [
        {**_item("/data/household_id", "question", "家庭户", "Household", 0), "type": "select_one"},
        _item("/data/household", "group", "住址", "Place", 0),
        _item("/data/household/address", "question", "地址", "Address", 1),
        _item("/data/members", "repeat", "家庭成员", "Members", 0),
        _item("/data/members/name", "question", "姓名", "Name", 1),
        _item("/data/members/id_no", "question", "身份证号码", "ID number", 1),
        _item("/data/members/edu", "question", "文化程度", "Education", 1, "EDU"),
        _item("/data/members/disability", "question", "残疾类别", "Kind of disability", 1),
    ],
    "choices": {
        "EDU": {
            "20": {"zh": "大学本科", "en": "bachelor"},
            "70": {"zh": "初中", "en": "junior high"},
        }
    },
}


def make_sender(worker: Any) -> Callable[..., Any]:
    """send(filled, waits=…) → the submission, merged unless its form's records wait for approval."""
    from server.ledgers import services

    version, numbers = make_versions()["survey"], iter(range(1000))
    version.questions = QUESTIONS
    version.save()

    def send(filled: Filled, *, waits: bool = False, **columns: Any) -> Any:
        version.form.needs_approval = waits
        version.form.save()
        submission = store(
            filled,
            version=version,
            submitter=worker,
            instance_id=f"uuid:{uuid_of(f'r{next(numbers)}')}",
        )
        for name, value in columns.items():
            setattr(submission, name, value)
        submission.save()
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
        return submission

    return send
