"""No sequence of submissions by senders of one street changes a row of another (security.md, Authority on writes).

Both streets meet the same persons by the same ID numbers and passports, and the same employer by its credit code.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts.access import access_of
from server.core import clock
from server.core.problems import Problem
from server.ledgers.refolding.rebuild import rebuild
from server.quarantine import services
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.services import Sender
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.ledger_histories import filled_forms
from tests.factories.ledgers import Filled, credit_code, id_number, make_versions, uuid_of
from tests.factories.two_areas import OTHER_STREET, dump, instance_named, written

pytestmark = pytest.mark.django_db
POOL = ("a", "b", "c", "x", "y", "z", "e", "f")
_runs = itertools.count()


PASSPORT = "E4499001"
NUMBERS = (
    id_number("1970-05-01", 1),
    id_number("1972-02-29", 2),
    id_number("2009-12-31", 3),
    PASSPORT,
    "91110000600037341L",
)
"""By which persons and employers are known everywhere."""


@st.composite
def forms(draw: Any) -> Filled:
    """A filled-in form that names either community, its persons known by ID number, passport or neither."""
    filled = draw(filled_forms())
    filled.community = draw(st.sampled_from([COMMUNITY, COMMUNITY, OTHER_STREET_COMMUNITY, ""]))
    for answers in (filled.person, *filled.members):
        if answers.get("id_no") and draw(st.integers(0, 3)) == 0:
            answers |= {"id_type": "05", "id_no": PASSPORT}
    return filled


FROM_HERE = st.tuples(forms(), st.none() | st.integers(0, 30))
"""A form, and which of the records sent before it corrects."""
PRELUDE = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["here", "there"]), FROM_HERE),
        st.tuples(st.sampled_from(["office here", "office there"]), st.none()),
    ),
    max_size=8,
)


class Streets:
    """Senders and staff of two streets, who go through one run after another."""

    def __init__(self, make_user: Any) -> None:
        make_versions()
        self.users = {
            "here": make_user("here", role="worker", area=COMMUNITY),
            "there": make_user("there", role="worker", area=OTHER_STREET_COMMUNITY),
            "office here": make_user("office-here", area=STREET),
            "office there": make_user("office-there", area=OTHER_STREET),
        }
        self.areas = {"here": COMMUNITY, "there": OTHER_STREET_COMMUNITY}
        self.begin()

    def begin(self) -> None:
        """A run of its own, whose entries and records nobody has met."""
        self.run, self.sent = next(_runs), []

    def send(self, who: str, filled: Filled, edits: int | None) -> None:
        name = f"{self.run}/{len(self.sent)}"
        of_form = [sent for sent, form in self.sent if form == filled.form]
        original = of_form[edits % len(of_form)] if of_form and edits is not None else ""
        document = written(filled, name, edits=instance_named(original) if original else "")
        for key in POOL:
            document = document.replace(
                uuid_of(key).encode(), uuid_of(f"{self.run}/{key}").encode()
            )
        for number in NUMBERS:
            document = document.replace(number.encode(), self.number(number).encode())
        self.sent.append((name, filled.form))
        sender = Sender(self.users[who].pk, None, (self.areas[who],))
        try:
            services.receive_or_quarantine(
                document=document, sender=sender, received_at=clock.now()
            )
        except Problem:  # an edit of what was edited before is kept for office staff
            return

    def number(self, number: str) -> str:
        """A number of this run alone in place of one that the forms have."""
        if number == PASSPORT:
            return f"E4499{self.run:04d}"
        if number.startswith("4499"):
            birth, order = number[6:14], int(number[14:17])
            return id_number(f"{birth[:4]}-{birth[4:6]}-{birth[6:]}", self.run % 240 * 4 + order)
        return credit_code(self.run)

    def accept(self, office: str) -> None:
        user, access = self.users[office], access_of(self.users[office])
        items = Quarantined.objects.filter(access.within("area"))
        services.replay_many(items, user=user, access=access, at=clock.now())


@pytest.fixture
def streets(divisions, make_user) -> Streets:
    return Streets(make_user)


def test_a_household_that_left_its_ledger_there_is_not_made_anew_here(streets):
    def survey(household: str, community: str) -> Filled:
        filled = Filled(form="survey", visited_at="2025-09-13T09:00:00+08:00", met_whom="1")
        filled.community, filled.household_id = community, uuid_of(household)
        filled.household = {"address": "示范路2号"}
        return filled

    streets.send("there", survey("x", OTHER_STREET_COMMUNITY), None)
    drain_now()
    streets.send("there", survey("y", OTHER_STREET_COMMUNITY), 0)
    drain_now()
    before = dump(OTHER_STREET)

    streets.send("here", survey("x", COMMUNITY), None)
    drain_now()

    assert dump(OTHER_STREET) == before


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(prelude=PRELUDE, sent=st.lists(FROM_HERE, min_size=1, max_size=6), at_once=st.booleans())
def test_nothing_sent_from_here_changes_a_row_there(streets, prelude, sent, at_once):
    undone = transaction.atomic()  # so that the next run rebuilds its own entries alone
    undone._from_testcase = True  # type: ignore[attr-defined] # durable blocks may stand in it
    with undone:
        streets.begin()
        for who, what in prelude:
            if what is None:
                streets.accept(who)
            else:
                streets.send(who, *what)
            drain_now()
        before = dump(OTHER_STREET)
        for filled, edits in sent:
            streets.send("here", filled, edits)
            if not at_once:
                drain_now()
                assert dump(OTHER_STREET) == before
        drain_now()
        assert dump(OTHER_STREET) == before
        report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_done: None)
        assert report.differences == []
        transaction.set_rollback(True)
