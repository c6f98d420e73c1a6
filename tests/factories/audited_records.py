"""Calls of the services that decide about records and ledger entries, for tests of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from server.audit.models import Act
from server.core.clock import now
from server.corrections import services as corrections
from server.corrections.models import SendBack
from server.erasure import services as erasure
from server.ledgers import services as ledgers
from server.ledgers.definitions.visit_plans import VisitPlan
from server.ledgers.folding.derive.rules import Rule
from server.ledgers.models import ContributionRow, Person, RuleValue, Vacancy
from server.ledgers.selectors import DueVisit
from server.reports import figures
from server.reports import services as reports
from server.reports.course import Step
from server.reports.definitions.periods import period_named
from server.reports.models import Filing
from server.submissions import services as submissions
from server.submissions.models import ReviewDecision, Submission
from tests.conftest import COMMUNITY, STREET
from tests.factories.audited import AT, Office
from tests.factories.console import entry
from tests.factories.filings import make_filing
from tests.factories.rules import make_rule
from tests.factories.sent_back import make_correction_form


class Case(NamedTuple):
    """A service's call, what has to be there before, and the acts that the call adds."""

    call: Callable[[Office], object]
    acts: tuple[Act, ...]
    before: Callable[[Office], object] = lambda office: office.user
    actor: str = "chief"  # "" is nobody who is logged in


def registered(person: Person) -> DueVisit:
    """A visit that is due of somebody registered as unemployed."""
    return DueVisit(
        id=person.pk, ledger="person", plan=VisitPlan.REGISTERED, area_code=person.area_code,
        due_on=AT.date(), is_overdue=False, last_visit=None, attempts=0, exception=None,
        person=person.pk, household=None, employer=None, name="", address="", position=None,
        worker=None, reason="",
    )  # fmt: skip


def approve_all(office: Office) -> object:
    """Approve every submission by one act."""
    return submissions.approve_many(
        rows=Submission.objects.all(),
        seen_at=now(),
        reviewer=office.chief,
        access=office.access,
        at=AT,
    )


def asked_again(office: Office, place: str = "/data/members[1]/name") -> SendBack:
    """Send an answer of the office's record back."""
    return ledgers.send_back(
        submission=office.submission,
        places=[place],
        reason="核对",
        reviewer=office.chief,
        access=office.access,
        at=AT,
    )


RECORD_CASES = {
    "corrections.services.ask_again": Case(
        asked_again,
        (Act.REVIEW, Act.SENT_BACK),
        lambda office: (office.submission, make_correction_form()),
    ),
    "corrections.services.withdraw": Case(
        lambda office: corrections.withdraw(
            submission=office.submission, actor=office.chief, access=office.access, at=AT
        ),
        (Act.REVIEW, Act.SEND_BACK_WITHDRAWN),
        lambda office: (office.submission, make_correction_form(), asked_again(office)),
    ),
    "ledgers.services.send_back": Case(
        asked_again,
        (Act.REVIEW, Act.SENT_BACK),
        lambda office: (office.submission, make_correction_form()),
    ),
    "erasure.services.ask_for_submission": Case(
        lambda office: erasure.ask_for_submission(
            submission=office.submission, cause="error", **office.by_chief
        ),
        (Act.ERASURE_ASKED,),
        lambda office: office.submission,
    ),
    "erasure.services.ask_for_person": Case(
        lambda office: erasure.ask_for_person(
            person=office.persons[0].pk, cause="error", **office.by_chief
        ),
        (Act.ERASURE_ASKED,),
        lambda office: office.persons,
    ),
    "erasure.services.consent": Case(
        lambda office: erasure.consent(erasure=office.erasure, **office.by_chief_alone),
        (Act.ERASED,),
        lambda office: office.erasure,
    ),
    "erasure.services.refuse": Case(
        lambda office: erasure.refuse(erasure=office.erasure, **office.by_chief_alone),
        (Act.ERASURE_REFUSED,),
        lambda office: office.erasure,
    ),
    "submissions.services.deleting.delete": Case(
        lambda office: submissions.delete(submission=office.submission, **office.by_chief),
        (Act.SUBMISSION_DELETED,),
        lambda office: office.submission,
    ),
    "submissions.services.deleting.restore": Case(
        lambda office: submissions.restore(deletion=office.deletion, **office.by_chief_alone),
        (Act.SUBMISSION_RESTORED,),
        lambda office: office.deletion,
    ),
    "submissions.services.approving_many.approve_many": Case(
        lambda office: approve_all(office), (Act.REVIEW,), lambda office: office.submission
    ),
    "submissions.services.approving_many.undo_approvals": Case(
        lambda office: submissions.undo_approvals(
            batch=ReviewDecision.objects.get().batch,
            reviewer=office.chief,
            access=office.access,
            at=AT,
        ),
        (Act.REVIEW,),
        lambda office: (office.submission, approve_all(office)),
    ),
    "ledgers.services.correct": Case(
        lambda office: ledgers.correct(
            family="person", entry=office.persons[0].pk, column="edu", value="10", **office.deed
        ),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.hand_over": Case(
        lambda office: ledgers.hand_over(
            [registered(office.persons[0])], worker=office.user.pk, **office.deed
        ),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.correct_as_stored": Case(
        lambda office: ledgers.correct_as_stored(
            family="person",
            entry=office.persons[0].pk,
            column="edu",
            values={"edu": "10"},
            given_as="edu",
            **office.deed,
        ),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.choose": Case(
        lambda office: ledgers.choose(
            family="person",
            entry=office.persons[0].pk,
            column="edu",
            contribution=ContributionRow.objects.filter(instance_id__startswith="desk:").get().pk,
            **office.deed,
        ),
        (Act.DESK_ACT,),
        lambda office: ledgers.correct(
            family="person", entry=office.persons[0].pk, column="edu", value="10", **office.deed
        ),
    ),
    "ledgers.services.mark_same": Case(
        lambda office: ledgers.mark_same(**office.pair),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.mark_not_same": Case(
        lambda office: ledgers.mark_not_same(**office.pair),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.void": Case(
        lambda office: ledgers.void(family="person", entry=office.persons[0].pk, **office.deed),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.move": Case(
        lambda office: ledgers.move(
            entry=office.persons[0], to="2", values={}, evidence=[], **office.deed
        ),
        (Act.DESK_ACT,),
        lambda office: office.persons,
    ),
    "ledgers.services.suggest": Case(
        lambda office: ledgers.suggest(
            person=office.persons[0].pk, vacancy=Vacancy.objects.get().pk, **office.deed
        ),
        (Act.DESK_ACT,),
        lambda office: (
            Person.objects.filter(pk=office.persons[0].pk).update(
                person_status="1", emp_status="20"
            ),
            Vacancy.objects.create(**entry(COMMUNITY, title="保安", state="3")),
        ),
    ),
    "ledgers.services.change_rule": Case(
        lambda office: ledgers.change_rule(
            Rule("visit_attempts", STREET, AT.date(), None, "4"),
            reason="核对",
            access=office.access,
            at=AT,
        ),
        (Act.RULE,),
    ),
    "ledgers.services.withdraw_rule": Case(
        lambda office: ledgers.withdraw_rule(
            RuleValue.objects.get().pk, reason="核对", access=office.access, at=AT
        ),
        (Act.RULE,),
        lambda office: make_rule(office.chief, STREET),
    ),
    "ledgers.services.undo": Case(
        lambda office: ledgers.undo(act=office.desk_act, access=office.access, at=AT),
        (Act.DESK_ACT_UNDONE,),
        lambda office: office.desk_act,
    ),
    "ledgers.services.state_of_link": Case(
        lambda office: office.state_move(), (Act.DESK_ACT,), lambda office: office.link
    ),
    "ledgers.services.settle_due_links": Case(
        lambda office: ledgers.settle_due_links(as_of=date(2027, 11, 23)),
        (Act.DESK_ACT,),
        lambda office: office.state_move_away(),
        "",
    ),
    "reports.services.prepare": Case(
        lambda office: reports.prepare(
            code="R2",
            area=COMMUNITY,
            period=period_named("2026Q3"),
            user=office.chief,
            access=office.access,
        ),
        (Act.REPORT_PREPARED,),
    ),
    "reports.services.take_step": Case(
        lambda office: reports.take_step(
            number=Filing.objects.get().pk,
            step=Step.WITHDRAW,
            reason="核对",
            user=office.chief,
            access=office.access,
        ),
        (Act.REPORT_STEP,),
        lambda office: make_filing(office.user, COMMUNITY),
    ),
    "reports.figures.state_figures": Case(
        lambda office: figures.state_figures(
            figures.read_figures(
                ["kind,area,since,number,people", f"census,{COMMUNITY},2026-01-01,8,9"]
            )
        ),
        (Act.FIGURES_STATED,),
        actor="",
    ),
    "ledgers.services.settle": Case(
        lambda office: ledgers.settle(
            exception=office.exception,
            choice=ledgers.Choice(),
            note="核对",
            user=office.chief,
            access=office.access,
            at=AT,
        ),
        (Act.EXCEPTION_RESOLVED,),
        lambda office: office.exception,
    ),
    "ledgers.services.unsettle": Case(
        lambda office: ledgers.unsettle(
            exception=office.resolved_exception, user=office.chief, access=office.access, at=AT
        ),
        (Act.EXCEPTION_REOPENED,),
        lambda office: office.resolved_exception,
    ),
}
"""Service → how it is called, as `CASES` of the test."""
