"""The ledgers as of a day and an instant equal what they were then (fold.md, As of)."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.models import Person
from server.ledgers.problems import AlreadyDone, OfferGoesOn
from server.ledgers.refolding.past import instance_of, past_of
from server.ledgers.services import refold_due
from server.submissions import steps
from tests.factories.ledger_histories import filled_forms
from tests.rooms.test_ledgers_properties import AS_OF, Office

pytestmark = pytest.mark.django_db
APART = frozenset({"row_version", "web_point", "assisted_categories"})

ACTS = st.sampled_from(
    ["send"] * 6 + ["edit", "edit", "rejected", "approved", "received", "same", "correct", "void", "undo"]
    + ["rule", "rule", "unrule", "suggest"]
)  # fmt: skip


@pytest.fixture
def office(divisions, make_user, monkeypatch):
    monkeypatch.setattr(steps, "OLDEST", timedelta(days=3650))  # the forms speak of years
    return Office(make_user("zhang"), make_user("root", role="administrator", area=""))


def plain(value: Any) -> Any:
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    return value.wkt if hasattr(value, "wkt") else value


def content(entry: Any) -> dict[str, Any]:
    return {
        field.attname: plain(getattr(entry, field.attname))
        for field in type(entry)._meta.concrete_fields
        if field.attname not in APART
    }


def dump() -> dict[tuple[str, str], dict[str, Any]]:
    """(ledger, entry) → the row as it is now."""
    return {
        (ledger, str(entry.pk)): content(entry)
        for ledger, model in LEDGERS.items()
        for entry in model._default_manager.all()
    }


def owner_of(ledger: str, row: dict[str, Any]) -> str:
    for name in ("person_id", "subject_person_id", "subject_household_id"):
        if ledger in ("spell", "case") and row.get(name):
            return str(row[name])
    return str(row["id"])


def recalled(rows: dict, *, on: date, known_by: datetime) -> dict:
    """What asking for each row, as it was then, gives."""
    answers = {}
    for (ledger, entry), row in rows.items():
        past = past_of(owner_of(ledger, row), on=on, known_by=known_by).row(ledger, entry)
        if past is not None:
            answers[ledger, entry] = content(instance_of(ledger, past))
    return answers


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    forms=st.lists(filled_forms(), min_size=1, max_size=6),
    acts=st.lists(ACTS, max_size=6),
    seed=st.integers(0, 2**16),
)
def test_as_of_then_is_what_was_and_as_of_now_is_what_is(office, forms, acts, seed):
    choose = random.Random(seed)
    with transaction.atomic():
        office.submissions.clear()
        pending, dumps = list(forms), []
        for act in ["send", *acts]:
            if act == "send" and pending:
                office.send(pending.pop())
            elif act == "edit" and office.submissions and pending:
                edited = choose.choice(office.submissions)
                replacement = pending.pop()
                replacement.form = edited.current_version.form_version.title
                office.send(replacement, edits=edited)
            elif act in ("rejected", "approved", "received") and office.submissions:
                office.review(choose.choice(office.submissions), act)
            elif act in ("rule", "unrule"):
                office.rule(act, choose)
            else:
                try:
                    office.desk_act(act, choose)
                except (AlreadyDone, OfferGoesOn):
                    continue
            while refold_due(as_of=AS_OF):
                pass
            dumps.append((office.clock, dump()))
        for instant, rows in choose.sample(dumps, min(2, len(dumps))) + dumps[-1:]:
            assert recalled(rows, on=AS_OF, known_by=instant) == rows
        transaction.set_rollback(True)


def test_what_was_received_later_is_not_known(office):
    office.send(form := filled())
    person = Person.objects.get()
    past = past_of(str(person.pk), on=AS_OF, known_by=datetime(2026, 8, 1, tzinfo=UTC))
    assert past.row("person", str(person.pk)) is None
    day = date.fromisoformat(form.visited_at[:10])
    known = past_of(str(person.pk), on=day, known_by=office.clock).row("person", str(person.pk))
    assert known is not None
    before = past_of(
        str(person.pk), on=date.fromordinal(day.toordinal() - 1), known_by=office.clock
    )
    assert before.row("person", str(person.pk)) is None


def test_what_was_rejected_since_is_still_known_as_it_was(office):
    office.send(filled())
    person, instant = Person.objects.get(), office.clock
    office.review(office.submissions[0], "rejected")
    assert not Person.objects.exists()
    past = past_of(str(person.pk), on=AS_OF, known_by=instant).row("person", str(person.pk))
    assert past is not None
    assert past["name"] == person.name
    now = past_of(str(person.pk), on=AS_OF, known_by=office.clock)
    assert now.row("person", str(person.pk)) is None


def filled():
    from tests.factories.ledgers import id_number, member, street

    form = street(1, [member(id_no=id_number("1970-05-01", 1))])
    form.visited_at = "2026-03-01T09:00:00+08:00"
    return form


def test_what_was_deleted_or_erased_counts_for_nothing(office):
    from server.ledgers.models import WithdrawnKey
    from server.ledgers.services import forget_withdrawn
    from server.submissions.models import Deletion, SubmissionVersion

    office.send(filled())
    person, instant = Person.objects.get(), office.clock
    submission = office.submissions[0]
    deletion = Deletion.objects.create(
        submission=submission, version=submission.current_version, reason="test",
        user=office.user, at=instant + timedelta(minutes=1),
    )  # fmt: skip

    def known(by):
        return past_of(str(person.pk), on=AS_OF, known_by=by).row("person", str(person.pk))

    assert known(instant) is not None
    assert known(instant + timedelta(minutes=2)) is None
    deletion.restored_at = instant + timedelta(minutes=3)
    deletion.save()
    assert known(instant + timedelta(minutes=2)) is None
    assert known(instant + timedelta(minutes=4)) is not None
    office.review(submission, "rejected")
    assert WithdrawnKey.objects.exists()
    SubmissionVersion.objects.update(erased_at=office.clock)
    assert known(instant) is None
    forget_withdrawn([submission.pk])
    assert not WithdrawnKey.objects.exists()
