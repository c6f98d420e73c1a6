"""Random histories through the database: the running ledgers equal those rebuilt from the same submissions and desk acts."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts.access import access_of
from server.core.clock import office_day
from server.geo.models import DivisionChange
from server.geo.renumbering import Renumbering, renumber_division
from server.geo.services import undo_change
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.desk.offering import offered_entry
from server.ledgers.desk.stored import Subject, store_act
from server.ledgers.folding.derive.rules import Rule
from server.ledgers.models import (
    ContributionRow,
    DeskAct,
    IdentityKey,
    LedgerException,
    Membership,
    Person,
    RuleValue,
    Vacancy,
)
from server.ledgers.problems import AlreadyDone, OfferGoesOn
from server.ledgers.refolding.renumbered import follow_code
from server.ledgers.services import (
    change_rule,
    correct,
    mark_same,
    merge_submissions,
    refold_due,
    undo,
    void,
    withdraw_rule,
)
from server.reports.facts.keeping import keep_up_entirely
from server.submissions import services
from server.submissions.models import Waiting
from tests.factories.facts import check_stocks, facts_from_scratch, known_facts
from tests.factories.ledger_histories import filled_forms
from tests.factories.ledgers import COMMUNITY, Filled, make_versions, store, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
TABLES = (*LEDGERS.values(), Membership, IdentityKey, LedgerException, ContributionRow)
APART = frozenset({"row_version", "web_point"})


def state() -> dict[str, list[tuple[Any, ...]]]:
    """Model → its rows, without the columns that count changes."""
    rows_by_model = {}
    for model in TABLES:
        names = [
            field.attname for field in model._meta.concrete_fields if field.attname not in APART
        ]
        if model is LedgerException:
            names.remove("id")
        rows = model._default_manager.values_list(*names)
        rows_by_model[model.__name__] = sorted((tuple(map(plain, row)) for row in rows), key=repr)
    return rows_by_model


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return repr(sorted(value.items()))
    if isinstance(value, list):
        return tuple(value)
    return (
        value.wkt
        if hasattr(value, "wkt")
        else bytes(value)
        if isinstance(value, memoryview)
        else value
    )


def forget_ledgers() -> None:
    """Empty everything derived; what was received and decided stays."""
    for model in TABLES:
        connection.cursor().execute(f"delete from {model._meta.db_table}")


class Office:
    """Sends, edits and reviews submissions, and does desk acts; a clock ticks between them."""

    def __init__(self, user: Any, administrator: Any) -> None:
        self.user, self.access = user, access_of(user)
        self.administrator = access_of(administrator)
        self.versions = make_versions()
        self.submissions: list[Any] = []
        self.clock = datetime(2026, 9, 1, tzinfo=UTC)

    def tick(self) -> datetime:
        self.clock += timedelta(minutes=7)
        return self.clock

    def send(self, filled: Filled, *, edits: Any = None, merge: bool = True) -> None:
        submission = store(
            filled,
            version=self.versions[filled.form],
            submitter=self.user,
            instance_id=f"uuid:{uuid_of(str(self.tick()))}",
            received_at=self.clock,
            submission=edits,
        )
        if edits is None:
            self.submissions.append(submission)
        if merge:
            merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)

    def review(self, submission: Any, review_state: str) -> None:
        services.review(
            submission=submission,
            state=review_state,
            reason="test",
            reviewer=self.user,
            access=self.access,
            at=self.tick(),
        )
        self.merge_waiting()

    def need_approval(self, form: str, needed: bool) -> None:
        services.set_approval(form_id=f"ledger_{form}", needed=needed, at=self.tick(), actor=None)
        self.merge_waiting()

    def merge_waiting(self) -> None:
        waiting = Waiting.objects.order_by("pk")
        ids = list(waiting.values_list("submission", flat=True))
        merge_submissions(submission_ids=ids, as_of=AS_OF)
        waiting.delete()

    def desk_act(self, what: str, choose: random.Random) -> None:
        people = list(Person.objects.order_by("id").values_list("id", flat=True))
        how = {"family": "person", "reason": "test", "access": self.access, "at": self.tick()}
        done = list(DeskAct.objects.filter(undone_at=None))
        if what == "same" and len(people) > 1:
            entry, other = choose.sample(people, 2)
            mark_same(entry=entry, other=other, **how)
        elif what == "correct" and people:
            correct(entry=choose.choice(people), column="edu", value="10", **how)
        elif what == "void" and people:
            void(entry=choose.choice(people), **how)
        elif what == "suggest" and people and (vacancy := Vacancy.objects.order_by("id").first()):
            self.suggest(Person.objects.get(pk=choose.choice(people)), vacancy)
        elif what == "undo" and done:
            undo(act=choose.choice(done), access=self.access, at=self.clock)

    def rule(self, what: str, choose: random.Random) -> None:
        how = {"reason": "test", "access": self.administrator, "at": self.tick()}
        if what == "rule":
            key, value = choose.choice(RULES)
            since = date(2026, 1, 1) + timedelta(days=choose.randrange(400))
            until = choose.choice([None, since + timedelta(days=choose.randrange(1, 200))])
            change_rule(Rule(key, choose.choice(RULED), since, until, value), **how)
        elif standing := list(RuleValue.objects.filter(withdrawn_at=None)):
            withdraw_rule(choose.choice(standing).pk, **how)

    def division(self, what: str) -> None:
        """The community gets a further code, or the last one is taken back; the ledgers follow."""
        standing = DivisionChange.objects.filter(undone_at=None).order_by("-pk").first()
        code = standing.new_code if standing else COMMUNITY
        if what == "renumber":
            day = date(2026, 2, 1) + timedelta(days=int(code[-2:]))
            asked = Renumbering(code, str(int(code) + 10), day)
            renumber_division(asked, reason="test", evidence="1", actor=self.administrator)
        elif standing:
            undo_change(standing.pk, reason="test", actor=self.administrator)
        follow_code(code, as_of=AS_OF)
        self.merge_waiting()

    def suggest(self, person: Person, vacancy: Vacancy) -> None:
        """Suggest a vacancy, whether it suits or not."""
        store_act(
            ActKind.SUGGEST,
            "offer",
            Subject(offered_entry(person, vacancy, office_day(self.clock)), person.area_code),
            "test",
            self.access,
            self.clock,
            value={"offered_on": office_day(self.clock).isoformat()},
            links={"person": str(person.pk), "vacancy": str(vacancy.pk)},
        )

    def rebuild(self, order: random.Random, *, batch: int) -> None:
        """Everything again from nothing, in another order and other batches."""
        forget_ledgers()
        ids = [submission.pk for submission in self.submissions]
        order.shuffle(ids)
        for start in range(0, len(ids), batch):
            merge_submissions(submission_ids=ids[start : start + batch], as_of=AS_OF)
        from server.ledgers.desk.stored import apply_act

        acts = list(DeskAct.objects.filter(undone_at=None))
        order.shuffle(acts)
        for act in acts:
            apply_act(act, datetime(2026, 11, 23, 4, tzinfo=UTC))


RULES = [
    ("older.m", "30"), ("older.f", "52"), ("category_set", "A"), ("visit_attempts", "1"),
    ("working_age_until.zero_emp.m", "40"), ("working_age_until.stat.f", "40"),
    ("working_age_until.stat.m", "40"), ("retirement_reform", "0"), ("stable_months", "1"),
    ("long_unemployed_months", "1"), ("visit_due.candidate", "3"), ("place_slack_m", "10"),
]  # fmt: skip
RULED = ["", "4401", "440106003", "440106003001", "4403"]
"""Areas for which rules are decided: around the histories', inside them, and another."""

ACTS = st.sampled_from(
    ["send"] * 6
    + ["edit", "edit", "rejected", "approved", "approved", "received"]
    + ["need", "need", "free", "same", "correct", "void", "undo", "undo"]
    + ["rule", "rule", "unrule"]
    + ["suggest", "suggest"]
    + ["renumber", "renumber", "restore"]
)


@pytest.fixture
def office(divisions, make_user):
    return Office(make_user("zhang"), make_user("root", role="administrator", area=""))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    forms=st.lists(filled_forms(), min_size=1, max_size=9),
    acts=st.lists(ACTS, max_size=8),
    seed=st.integers(0, 2**16),
)
def test_whatever_happened_the_ledgers_are_what_a_rebuild_makes(office, forms, acts, seed):
    from django.db import transaction

    choose = random.Random(seed)
    with transaction.atomic():
        office.submissions.clear()
        pending = list(forms)
        for act in ["send", *acts, *["send"] * len(forms), "rule", *acts[:1]]:
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
            elif act in ("renumber", "restore"):
                office.division(act)
            elif act in ("need", "free"):
                office.need_approval(choose.choice(["survey", "home_visit"]), act == "need")
            else:
                try:
                    office.desk_act(act, choose)
                except (AlreadyDone, OfferGoesOn):
                    continue
            if choose.random() < 0.3:
                keep_up_entirely()
        while refold_due(as_of=AS_OF):  # desk acts were folded as of their own day
            pass
        keep_up_entirely()
        kept_up = known_facts()
        assert facts_from_scratch() == kept_up
        check_stocks([date(2024, 1, 1), date(2025, 3, 31), date(2026, 6, 30), date(2026, 11, 30)])
        running = state()
        office.rebuild(choose, batch=choose.choice([1, 3, 50]))
        assert state() == running
        transaction.set_rollback(True)
