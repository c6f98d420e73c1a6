"""Records that count in the ledgers only once approved (decision 0180): the rule, the switch, and the rebuild."""

from __future__ import annotations

import importlib
import itertools
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import connection

from server.accounts.access import access_of
from server.core.clock import now
from server.ledgers.entity_lists import lists as entities
from server.ledgers.models import ContributionRow, EntityClaim, Household, LedgerException
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.selectors import deleted_entities, exceptions_of
from server.submissions import drain, services
from server.submissions.models import ApprovedVersion, ReviewDecision, Submission
from server.submissions.problems import LedgersBusy
from server.submissions.services import approving
from server.submissions.services.queueing import PIPELINE_LOCK, queue
from tests.conftest import COMMUNITY, OTHER_COMMUNITY
from tests.factories.claims import CHAIN, CREATE, HERE, HOME, SAVETO, claimed, rows
from tests.factories.ledgers import make_versions, store, uuid_of

pytestmark = pytest.mark.django_db
CORRECTED = claimed('create="1"', 3, address="示范路1号", room="109")


class Office:
    """Sends, switches and decides, and lets the worker process the queue."""

    def __init__(self, user):
        self.user = user
        self.versions, self.numbers = make_versions(), itertools.count()
        self.versions["survey"].xform = SAVETO
        self.versions["survey"].save()

    def send(self, filled, edits=None, name=None, received_at=None) -> Submission:
        made = store(
            filled,
            version=self.versions[filled.form],
            submitter=self.user,
            instance_id=f"uuid:{uuid_of(name or str(next(self.numbers)))}",
            submission=edits,
            received_at=received_at,
        )
        queue([made.pk], at=now())
        drain.drain_now()
        made.refresh_from_db()
        return made

    def need(self, needed: bool = True) -> int:
        _form, queued = services.set_approval(
            form_id="ledger_survey", needed=needed, at=now(), actor=None
        )
        drain.drain_now()
        return queued

    def decide(self, submission: Submission, state: str) -> None:
        services.review(
            submission=submission,
            state=state,
            reason="看过",
            reviewer=self.user,
            access=access_of(self.user),
            at=now(),
        )
        drain.drain_now()


@pytest.fixture
def office(divisions, make_user):
    return Office(make_user("zhang"))


def room() -> str:
    """The room of the one household, "" while there is none."""
    return "".join(Household.objects.values_list("room", flat=True))


def told() -> tuple[str, str, int]:
    household = Household.objects.get()
    return household.room, household.area_code, household.verified_level


def differences(area: str = "") -> list[object]:
    how = {"area": area, "as_of": date(2026, 11, 23), "progress": lambda done, of: None}
    return rebuild(keep=False, **how).differences


def test_a_record_counts_once_approved_and_its_entity_is_made_then_once(office):
    office.need()
    sent = office.send(CREATE)
    unlisted = entities.households.hash(HERE)
    assert (room(), rows()) == ("", {})
    assert not ContributionRow.objects.exists()
    office.decide(sent, "approved")
    assert (room(), rows()[HOME]["__version"]) == ("101", "1")
    assert entities.households.hash(HERE) != unlisted
    office.decide(sent, "approved")
    assert rows()[HOME]["__version"] == "1"
    for state in ("rejected", "received"):
        office.decide(sent, state)
        assert rows() == {}
        assert deleted_entities(HERE, [HOME]) == {HOME}
        office.decide(sent, "approved")
    assert deleted_entities(HERE, [HOME]) == set()


def test_the_switch_folds_again_what_it_touches_and_nothing_else(office):
    waiting, approved, rejected = (
        office.send(claimed("", day, room=str(day))) for day in (3, 4, 5)
    )
    office.decide(approved, "approved")
    office.decide(rejected, "rejected")
    assert room() == "4"
    later = office.send(claimed("", 6, room="6"))
    assert room() == "6"
    assert office.need() == 2
    assert room() == "4"
    assert set(ContributionRow.objects.values_list("submission", flat=True)) == {approved.pk}
    assert office.need() == 0
    assert office.need(False) == 2
    assert room() == "6"
    assert differences() == []
    office.decide(later, "rejected")
    assert room() == "4"
    assert waiting.pk in ContributionRow.objects.values_list("submission", flat=True)


def test_what_was_approved_counts_until_its_correction_is(office):
    """Otherwise a household would leave every phone because a worker corrects a letter."""
    office.need()
    sent = office.send(CREATE)
    office.decide(sent, "approved")
    moved = claimed('create="1"', 3, address="示范路1号", room="109")
    moved.community = OTHER_COMMUNITY
    sent = office.send(moved, edits=sent)
    assert (sent.review_state, sent.area_code, sent.awaits_approval) == (
        "edited",
        OTHER_COMMUNITY,
        True,
    )
    assert told() == ("101", COMMUNITY, 3)
    assert ContributionRow.objects.values_list("observed_at__day", flat=True).first() == 2
    office.decide(office.send(claimed("", 1, building="1栋")), "approved")
    assert differences() == []
    assert differences(OTHER_COMMUNITY) == [], "what stands and shares the household comes with it"
    office.decide(sent, "has_issues")
    assert room() == "101"
    office.need(False)
    assert room() == "109"
    office.need()
    assert room() == "101"
    office.decide(sent, "approved")
    assert told() == ("109", OTHER_COMMUNITY, 3)
    assert rows() == {}, "it lies in another community now"
    office.decide(sent, "received")
    assert told() == ("101", COMMUNITY, 3), "the approval was taken back"


def test_approvals_of_many_taken_back_leave_what_was_approved_before(office):
    office.need()
    sent = office.send(CREATE)
    office.decide(sent, "approved")
    sent = office.send(CORRECTED, edits=sent, received_at=now())
    waits = room()
    who = {"reviewer": office.user, "access": access_of(office.user)}
    batch, _many = services.approve_many(
        rows=Submission.objects.all(), seen_at=now(), at=now(), **who
    )
    drain.drain_now()
    counted = room()
    services.undo_approvals(batch=batch, at=now(), **who)
    drain.drain_now()
    assert (waits, counted, room()) == ("101", "109", "101")


def test_a_rejection_ends_an_earlier_approval_for_corrections_to_come(office):
    office.need()
    sent = office.send(CREATE)
    office.decide(sent, "approved")
    sent = office.send(CORRECTED, edits=sent)
    office.decide(sent, "rejected")
    assert room() == ""
    office.decide(sent, "received")
    assert room() == "101", "the rejection was taken back"
    office.decide(sent, "rejected")
    sent = office.send(claimed("", 4, room="110"), edits=sent)
    assert room() == ""


def test_the_place_of_what_stands_is_its_own_also_when_it_was_approved_unread(office):
    office.need()
    sent = store(
        CREATE,
        version=office.versions["survey"],
        submitter=office.user,
        instance_id=f"uuid:{uuid_of('unread')}",
    )
    Submission.objects.filter(pk=sent.pk).update(
        review_state="approved", observed_at=None, area_code="", flags=[]
    )
    sent.refresh_from_db()
    office.send(CORRECTED, edits=sent)
    stands = ApprovedVersion.objects.get()
    assert (stands.area_code, stands.observed_at.day) == (COMMUNITY, 2)
    assert Household.objects.get().area_code == COMMUNITY


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_chain_ends_the_same_in_whatever_order_it_is_approved(office, order):
    office.need()
    sent = [office.send(one, name=f"chain {at}") for at, one in enumerate(CHAIN)]
    assert not LedgerException.objects.exists(), "what does not count is not judged"
    for at in order:
        office.decide(sent[at], "approved")
    (row,) = rows().values()
    assert (row["room"], row["address"], row["name"]) == ("103", "示范路1号", HOME)
    assert not LedgerException.objects.exists()
    assert EntityClaim.objects.count() == 3


def test_a_conflict_is_judged_on_approval_and_stays_while_a_correction_waits(office):
    """What others changed until then is what the office decides against."""
    free = office.send(CREATE)
    office.decide(free, "approved")
    office.need()
    late = office.send(claimed('update="1" baseVersion="1"', 4, room="103"))
    office.decide(office.send(claimed('update="1" baseVersion="1"', 3, room="102")), "approved")
    office.decide(late, "approved")
    (found,) = LedgerException.objects.all()
    assert found.detail == {"list": "households", "verdict": "hard", "columns": ["room"]}
    late = office.send(claimed('update="1" baseVersion="2"', 4, room="104"), edits=late)
    assert list(exceptions_of(access_of(office.user), late)) == [found]
    office.decide(late, "approved")
    assert not LedgerException.objects.exists()


def test_the_switch_waits_for_the_batch_and_gives_up_in_time(office, monkeypatch):
    monkeypatch.setattr(approving, "PATIENCE", "20ms")
    parameters = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{key: parameters[key] for key in wanted if key in parameters}) as other:
        other.execute("select pg_advisory_xact_lock(%s)", [PIPELINE_LOCK])
        with pytest.raises(LedgersBusy):
            office.need()
    assert office.need() == 0


def test_the_migration_lets_stand_what_was_approved_before_it_was_edited(office):
    sent = office.send(CREATE)
    office.decide(sent, "approved")
    approved = sent.current_version_id
    office.send(CORRECTED, edits=sent)
    office.decide(office.send(CREATE), "approved")
    ApprovedVersion.objects.all().delete()
    between = datetime(2026, 3, 3, tzinfo=UTC)  # the receipt of the first version and of the second
    ReviewDecision.objects.filter(submission=sent).update(at=between)
    name = "server.submissions.migrations.0007_what_was_approved_stands"
    with connection.cursor() as cursor:
        cursor.execute(importlib.import_module(name).STANDING)
    assert list(ApprovedVersion.objects.values_list("submission", "version")) == [
        (sent.pk, approved)
    ]
    office.need()
    assert set(Household.objects.values_list("room", flat=True)) == {"101"}
