"""What the filters of all lists but the ledgers keep and leave out: for each a case whose opposite would fail.

Both doors take these declarations (tests/contracts/test_filters.py).
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from server.accounts.access import Access
from server.accounts.filters import (
    AuditFilters,
    FieldAccountFilters,
    PersonFilters,
    WorkerFilters,
)
from server.accounts.models import FieldAccount, User
from server.audit.models import AuditEntry
from server.erasure.filters import ErasureFilters
from server.forms.filters import EncryptionKeyFilters, FormFilters
from server.forms.models import EncryptionKey
from server.geo.filters import DivisionChangeFilters, DivisionFilters
from server.geo.models import Division
from server.ledgers import filters
from server.ledgers.models import EntryLink, LedgerException
from server.quarantine.filters import QuarantinedFilters
from server.submissions.filters import DeletionFilters, SubmissionFilters
from server.submissions.models import Submission
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.factories.console import (
    make_deleted,
    make_erasure,
    make_form,
    make_quarantined,
    make_renamed,
    make_stranger_key,
    make_submission,
)
from tests.factories.filters import BOX, INSIDE, NOON, OUTSIDE, check, kept

pytestmark = pytest.mark.django_db


def test_submissions(divisions, make_user):
    first, second = (make_user(name, role="worker", area=COMMUNITY) for name in ("xie", "xu"))
    form, other = make_form(), make_form("home_visit")
    other.needs_approval = True
    other.save()
    a = make_submission(
        form, first, COMMUNITY, "uuid:a", received_at=NOON, observed_at=NOON, title="棠荫路1号",
        located_area=COMMUNITY, location=INSIDE, flags=["clock"], processed_at=None,
    )  # fmt: skip
    later = NOON + timedelta(hours=12)  # midnight at the office
    b = make_submission(
        other, second, OTHER_COMMUNITY, "uuid:b", received_at=later, observed_at=later,
        title="工业路2号", located_area=OTHER_COMMUNITY, location=OUTSIDE, flags=["inaccurate"],
        review_state="edited",
    )  # fmt: skip
    for submission, edited in ((a, NOON), (b, later)):
        submission.current_version.received_at = edited
        submission.current_version.save()
    instants = {"from": ("ab", "b", "b", "ab"), "to": ("a", "ab", "ab", "a")}
    moments = (NOON.isoformat(), later.isoformat(), "2026-11-21", "2026-11-20")
    check(
        SubmissionFilters,
        {"a": a, "b": b},
        {
            "form": {"household_survey": "a", "home_visit": "b", "home_visit,x": "b", "x": ""},
            "state": {"received": "a", "edited": "b", "received,edited": "ab", "approved": ""},
            "submitter": {"xie": "a", "xu": "b", "nobody": ""},
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b", f"{STREET}000": "ab"},
            "located_area": {COMMUNITY: "a", OTHER_COMMUNITY: "b"},
            **{
                f"{name}_{end}": dict(zip(moments, letters, strict=True))
                for name in ("received", "observed")
                for end, letters in instants.items()
            },
            "updated_since": dict(zip(moments, instants["from"], strict=True)),
            "awaits_approval": {"true": "b", "false": "a"},
            "is_processed": {"true": "b", "false": "a"},
            "flag": {"clock": "a", "inaccurate": "b", "tampered": ""},
            "search": {"棠荫": "a", "2号": "b", "uuid:b": "b"},
            "in_bbox": {BOX: "a"},
            "ordering": {"received_at": "ab", "-received_at": "ba", "title": "ba"},
        },
    )


def test_quarantined_records(divisions, make_user):
    first, second = (make_user(name, role="worker", area=COMMUNITY) for name in ("xie", "xu"))
    later = NOON + timedelta(hours=12)
    a = make_quarantined(first, COMMUNITY, b"<a", received_at=NOON, reason="bad-xml", form_id="f")
    b = make_quarantined(
        second, OTHER_COMMUNITY, b"<bb", received_at=later, resolved_at=later, resolved_by=second
    )
    check(
        QuarantinedFilters,
        {"a": a, "b": b},
        {
            "reason": {"bad-xml": "a", "form-closed": "b", "bad-xml,form-closed": "ab"},
            "form": {"f": "a", "old_form": "b"},
            "submitter": {"xie": "a", "xu": "b"},
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b"},
            "is_settled": {"true": "b", "false": "a"},
            "received_from": {NOON.isoformat(): "ab", later.isoformat(): "b", "2026-11-21": "b"},
            "received_to": {NOON.isoformat(): "a", later.isoformat(): "ab", "2026-11-20": "a"},
            "ordering": {"size": "ab", "-size": "ba"},
        },
    )


def test_deleted_submissions(divisions, make_user):
    first, second = (make_user(name, role="worker", area=COMMUNITY) for name in ("xie", "xu"))
    later = NOON + timedelta(hours=12)
    a = make_deleted(make_form(), first, COMMUNITY, "uuid:a", at=NOON)
    b = make_deleted(make_form("home_visit"), second, OTHER_COMMUNITY, "uuid:b", at=later)
    b.submission.title = "工业路2号"
    b.submission.save()
    check(
        DeletionFilters,
        {"a": a, "b": b},
        {
            "form": {
                "household_survey": "a",
                "home_visit": "b",
                "household_survey,home_visit": "ab",
            },
            "submitter": {"xie": "a", "xu": "b"},
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b"},
            "deleted_from": {NOON.isoformat(): "ab", later.isoformat(): "b", "2026-11-21": "b"},
            "deleted_to": {NOON.isoformat(): "a", later.isoformat(): "ab", "2026-11-20": "a"},
            "search": {"棠荫": "a", "uuid:b": "b"},
            "ordering": {"at": "ab", "-at": "ba"},
        },
    )


def test_erasures(divisions, make_user):
    user = make_user("xie", role="worker", area=COMMUNITY)
    later = NOON + timedelta(hours=12)
    form = make_form()
    a = make_erasure(make_submission(form, user, COMMUNITY, "uuid:a"), user, asked_at=NOON)
    b = make_erasure(
        make_submission(form, user, OTHER_COMMUNITY, "uuid:b"),
        user,
        asked_at=later,
        state="refused",
        cause="consent",
    )
    check(
        ErasureFilters,
        {"a": a, "b": b},
        {
            "state": {"asked": "a", "refused": "b", "asked,refused": "ab", "done": ""},
            "cause": {"error": "a", "consent": "b", "error,consent": "ab"},
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b"},
            "asked_from": {NOON.isoformat(): "ab", later.isoformat(): "b", "2026-11-21": "b"},
            "asked_to": {NOON.isoformat(): "a", later.isoformat(): "ab", "2026-11-20": "a"},
            "ordering": {"asked_at": "ab", "-asked_at": "ba"},
        },
    )


def test_exceptions(divisions):
    def make(number: int, at: datetime, **columns: Any) -> LedgerException:
        return LedgerException.objects.create(
            entry=uuid.UUID(int=number), contribution=number, opened_at=at, **columns
        )

    a = make(1, NOON, kind="clock", family="visit", area_code=COMMUNITY)
    b = make(
        2, NOON + timedelta(days=1), kind="bad_id", family="person", area_code=OTHER_COMMUNITY,
        resolved_at=NOON,
    )  # fmt: skip
    check(
        filters.ExceptionFilters,
        {"a": a, "b": b},
        {
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b"},
            "kind": {"clock": "a", "bad_id": "b", "clock,bad_id": "ab", "conflict": ""},
            "ledger": {"visit": "a", "person": "b"},
            "entry": {str(uuid.UUID(int=1)): "a"},
            "open": {"true": "a", "false": "b"},
            "updated_since": {NOON.isoformat(): "ab", "2026-11-21": "b"},
            "ordering": {"opened_at": "ab", "-opened_at": "ba", "-area_code": "ba"},
        },
    )


def test_links(divisions):
    def make(number: int, at: datetime, **columns: Any) -> EntryLink:
        return EntryLink.objects.create(
            id=uuid.UUID(int=number), link=uuid.UUID(int=9), entry=uuid.UUID(int=number),
            other_entry=uuid.UUID(int=8), other_office="440106007", opened_at=at, **columns,
        )  # fmt: skip

    a = make(1, NOON, family="person", kind="id_no", area_code=STREET, awaits_us=True)
    b = make(
        2, NOON + timedelta(days=1), family="employer", kind="uscc", area_code="440106005",
        state="moved",
    )  # fmt: skip
    check(
        filters.LinkFilters,
        {"a": a, "b": b},
        {
            "area": {STREET: "a", "440106005": "b"},
            "ledger": {"person": "a", "employer": "b"},
            "entry": {str(uuid.UUID(int=1)): "a"},
            "state": {"proposed": "a", "moved": "b", "proposed,moved": "ab", "different": ""},
            "awaits_us": {"true": "a", "false": "b"},
            "updated_since": {NOON.isoformat(): "ab", "2026-11-21": "b"},
            "ordering": {"opened_at": "ab", "-opened_at": "ba", "-area_code": "ba"},
        },
    )


def test_forms(db):
    a, b = make_form("a_form"), make_form("b_form")
    b.title, b.state = "家访", "closed"
    b.save()
    check(
        FormFilters,
        {"a": a, "b": b},
        {
            "state": {"open": "a", "closed": "b", "open,closed": "ab"},
            "search": {"a_f": "a", "家访": "b"},
            "ordering": {"form_id": "ab", "-form_id": "ba"},
        },
    )


def test_encryption_keys(db):
    a, b = make_stranger_key(1), make_stranger_key(2)
    EncryptionKey.objects.filter(pk=a.pk).update(form_id="a")
    EncryptionKey.objects.filter(pk=b.pk).update(form_id="b", retired_at=NOON)
    check(
        EncryptionKeyFilters,
        {"a": a, "b": b},
        {
            "form": {"a": "a", "b": "b", "c": ""},
            "is_retired": {"true": "b", "false": "a"},
            "ordering": {"form": "ab", "-form": "ba"},
        },
    )


def test_changes_of_divisions(divisions, make_user):
    user = make_user("chief")
    check(
        DivisionChangeFilters,
        {"a": make_renamed(user, COMMUNITY), "b": make_renamed(user, OTHER_COMMUNITY)},
        {"area": {COMMUNITY: "a", OTHER_COMMUNITY: "b", "440106": "ab"}},
    )


def test_divisions(divisions):
    rows = {
        "a": Division.objects.get(code=f"{STREET}000"),
        "b": Division.objects.get(code=COMMUNITY),
    }
    rows["b"].valid_from, rows["b"].valid_to = date(2026, 1, 1), date(2026, 3, 1)
    rows["b"].save()
    check(
        DivisionFilters,
        rows,
        {
            "area": {COMMUNITY: "b", f"{STREET}000": "ab"},
            "level": {"4": "a", "5": "b"},
            "parent": {"440106000000": "a", f"{STREET}000": "b"},
            "valid_on": {
                "2025-12-31": "a",
                "2026-01-01": "ab",
                "2026-02-28": "ab",
                "2026-03-01": "a",
            },
            "search": {"石牌": "a", "demo": "b"},
            "ordering": {"code": "ab", "-code": "ba"},
        },
    )


def test_phones(divisions, make_user):
    first, second = (make_user(name, role="worker", area=COMMUNITY) for name in ("xie", "xu"))
    a = FieldAccount.objects.create(user=first, token_hash=b"a", label="红米")
    b = FieldAccount.objects.create(user=second, token_hash=b"b", revoked_at=NOON)
    check(
        FieldAccountFilters,
        {"a": a, "b": b},
        {
            "user": {"xie": "a", "xu": "b"},
            "active": {"true": "a", "false": "b"},
            "search": {"xie": "a", "红": "a", "xu": "b"},
            "ordering": {"username": "ab", "-username": "ba", "-created_at": "ba"},
        },
    )


def test_workers(divisions, make_user):
    a = make_user("xie", role="worker", area=COMMUNITY)
    b = make_user("xu", role="worker", area=OTHER_COMMUNITY)
    make_user("clerk", role="street", area=COMMUNITY)
    User.objects.filter(pk=b.pk).update(name="徐")
    check(
        WorkerFilters,
        {"a": a, "b": b},
        {
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b", f"{STREET}000": "ab"},
            "search": {"xi": "a", "徐": "b"},
        },
    )
    everybody = User.objects.all()
    assert kept(WorkerFilters, everybody, area=COMMUNITY) == [a.pk], "a clerk is no worker"


def test_people(divisions, make_user):
    a = make_user("xie", role="street", area=STREET)
    b = make_user("xu", role="county", area=COMMUNITY)
    User.objects.filter(pk=b.pk).update(name="徐", is_active=False)
    check(
        PersonFilters,
        {"a": a, "b": b},
        {
            "area": {f"{STREET}000": "ab", COMMUNITY: "b", "440106005": ""},
            "role": {"street": "a", "street,county": "ab", "worker": ""},
            "active": {"true": "a", "false": "b"},
            "search": {"xi": "a", "徐": "b"},
        },
    )
    elsewhere = Access(0, (("administrator", "440106005"),))
    for chosen in ({"area": STREET}, {"role": "street"}):
        rows = PersonFilters(chosen, User.objects.all(), access=elsewhere).qs
        assert list(rows) == [], "roles elsewhere do not show by a filter"


def test_the_edges_of_the_calendar_are_days_like_others(divisions):
    for value in ("0001-01-01", "9999-12-31"):
        for name in ("received_from", "received_to"):
            kept(SubmissionFilters, Submission.objects.all(), **{name: value})


def test_audit_entries(divisions):
    later = NOON + timedelta(days=1)
    common = {"door": "console", "facts": {}}
    a = AuditEntry.objects.create(
        at=NOON, actor_name="li", act="review", object_type="submission", object_id="1",
        area_code=COMMUNITY, **common,
    )  # fmt: skip
    b = AuditEntry.objects.create(
        at=later, actor_name="wu", act="log_in", object_type="user", object_id="wu",
        area_code=OTHER_COMMUNITY, **common,
    )  # fmt: skip
    check(
        AuditFilters,
        {"a": a, "b": b},
        {
            "actor": {"li": "a", "wu": "b", "nobody": ""},
            "act": {"review": "a", "log_in": "b", "review,log_in": "ab", "find": ""},
            "object_type": {"submission": "a", "user": "b"},
            "object_id": {"1": "a", "wu": "b"},
            "area": {COMMUNITY: "a", OTHER_COMMUNITY: "b", f"{STREET}000": "ab"},
            "at_from": {NOON.isoformat(): "ab", later.isoformat(): "b"},
            "at_to": {NOON.isoformat(): "a", later.isoformat(): "ab"},
        },
    )
