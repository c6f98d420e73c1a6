"""Deciding about submissions, and reading their answers."""

from __future__ import annotations

import pytest
from django.utils import translation

from server.accounts.access import access_of
from server.core.clock import now
from server.core.problems import ReasonMissing
from server.core.xml import parse
from server.quarantine.services import receive_or_quarantine
from server.submissions.answers import answer_tree
from server.submissions.models import ReviewDecision, Submission, Waiting
from server.submissions.problems import (
    DecidedUnseen,
    MayNotReview,
    UnknownSubmission,
)
from server.submissions.selectors import submission, submissions, waiting_count
from server.submissions.services import review
from server.submissions.steps import place
from tests.factories.submissions import (
    QUESTIONS,
    RECEIVED_AT,
    instance,
    instance_id,
    make_form,
    make_phone,
    sender_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def received(divisions) -> Submission:
    make_form()
    receipt = receive_or_quarantine(
        document=instance(1), sender=sender_of(make_phone()), received_at=RECEIVED_AT
    )
    place([receipt.submission_id])
    Waiting.objects.all().delete()
    return Submission.objects.get()


def decide(
    user, found: Submission, state: str, reason: str = "", version: str = ""
) -> ReviewDecision:
    return review(
        submission=found,
        state=state,
        reason=reason,
        version=version,
        reviewer=user,
        access=access_of(user),
        at=now(),
    )


def test_the_last_decision_holds_and_the_ledgers_follow(received, make_user) -> None:
    user = make_user("zhao")

    decide(user, received, "approved")
    decide(user, received, "rejected", "not the household")

    received.refresh_from_db()
    assert received.review_state == "rejected"
    assert [(act.state, act.reason) for act in received.decisions.all()] == [
        ("approved", ""),
        ("rejected", "not the household"),
    ]
    assert waiting_count() == 1
    assert Waiting.objects.count() == 2


@pytest.mark.parametrize("state", ["rejected", "has_issues"])
def test_a_rejection_needs_a_reason(received, make_user, state) -> None:
    with pytest.raises(ReasonMissing):
        decide(make_user("zhao"), received, state, "  ")

    assert not ReviewDecision.objects.exists()


def test_nobody_decides_about_a_correction_they_have_not_seen(received, make_user) -> None:
    user, phone = make_user("zhao"), make_phone("second")
    receive_or_quarantine(
        document=instance(2, deprecated=instance_id(1)),
        sender=sender_of(phone),
        received_at=RECEIVED_AT,
    )

    with pytest.raises(DecidedUnseen):
        decide(user, received, "approved", version=instance_id(1))
    received.refresh_from_db()
    assert received.review_state == "edited"
    assert not ReviewDecision.objects.exists()
    decide(user, received, "approved", version=instance_id(2))
    received.refresh_from_db()
    assert received.review_state == "approved"


@pytest.mark.parametrize(
    ("role", "area"), [("worker", "440106003"), ("county", "440106"), ("street", "440106005")]
)
def test_only_street_staff_of_the_area_decide(received, make_user, role, area) -> None:
    with pytest.raises(MayNotReview):
        decide(make_user("zhao", role=role, area=area), received, "approved")

    received.refresh_from_db()
    assert received.review_state == "received"


def test_submissions_are_seen_within_the_area_only(received, make_user) -> None:
    inside, outside = (
        access_of(make_user("a")),
        access_of(make_user("b", area="440106005")),
    )

    assert submission(inside, received.pk) == received
    assert not submissions(outside).exists()
    with pytest.raises(UnknownSubmission):
        submission(outside, received.pk)


def test_answers_are_shown_by_their_labels_nested_as_asked() -> None:
    document = instance(1).replace(
        b"</members>", b"</members><members><name/><skills>b z</skills></members>", 1
    )

    visit, first, second = answer_tree(parse(document), QUESTIONS)

    (met,) = visit.children
    assert (met.path, met.value, str(met.label)) == ("/data/visit/met_whom", "1", "见到")
    assert met.text == "本人"
    assert [member.number for member in (first, second)] == [1, 2]
    assert [answer.place for answer in second.children] == [
        "/data/members[2]/name",
        "/data/members[2]/skills",
    ]
    assert [answer.text for answer in first.children] == ["张三", "电工、焊工"]
    assert second.children[1].text == "焊工、z"
    with translation.override("en"):
        assert met.text == "the person"
