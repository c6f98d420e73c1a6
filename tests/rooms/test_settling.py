"""Exceptions resolved by acts, and both taken back as one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.accounts.access import access_of
from server.ledgers import selectors, services
from server.ledgers.definitions.resolutions import OFFERS, Resolution
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.models import DeskAct, LedgerException, Person, Visit
from server.ledgers.problems import (
    ActReasonMissing,
    AlreadyDone,
    NotOffered,
    NotYours,
    ResolutionLacks,
)
from server.ledgers.refolding.rebuild import rebuild
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, street, uuid_of

AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MAN = id_number("1970-05-01", 1)
STREET = "440106003"
SEEKING = {
    "work_capacity": "1",
    "job_willing": "1",
    "emp_status": "21",
    "hukou_type": "20",
    "spell.unemp_date": "2025-10-01",
}


@pytest.fixture
def staff(divisions, make_user):
    return make_user("chief", role="street", area=STREET)


@pytest.fixture
def send(divisions, staff, make_user):
    versions, numbers = make_versions(), iter(range(100))

    def send(filled: Filled, *, day: str = ""):
        if day:
            filled.visited_at = f"{day}T09:00:00+08:00"
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=staff,
            instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
        )
        merge(submission)
        return submission

    return send


def merge(submission) -> None:
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF, judging=False)


def the(kind: str, **which) -> LedgerException:
    return LedgerException.objects.get(kind=kind, **which)


def settle(exception, staff, resolution=Resolution.NOTE, note="核对", **more):
    return services.settle(
        exception=exception,
        choice=services.Choice(resolution=resolution, **more),
        note=note,
        user=staff,
        access=access_of(staff),
        at=AT,
    )


def unsettle(exception, staff) -> None:
    services.unsettle(exception=exception, user=staff, access=access_of(staff), at=AT)


def offered(staff, exception) -> dict[str, list]:
    grouped: dict[str, list] = {}
    for suggestion in services.suggestions(access_of(staff), exception):
        grouped.setdefault(str(suggestion.resolution), []).append(suggestion)
    return grouped


def differences() -> list[str]:
    report = rebuild(area="", keep=False, as_of=AS_OF, progress=lambda *_done: None)
    return [f"{item.table} {item.column}".strip() for item in report.differences]


def test_every_kind_offers_something():
    assert OFFERS.keys() == set(ExceptionKind)
    for offers in OFFERS.values():
        assert Resolution.NOTE in {offer.resolution for offer in offers}


def test_one_of_two_values_is_kept_and_the_other_comes_back(send, staff):
    told = send(street(1, [member(id_no=MAN, edu="20")]), day="2026-03-01")
    told.review_state = "approved"
    told.save()
    merge(told)
    send(street(1, [member(id_no=MAN, edu="70")]), day="2026-04-01")
    conflict = the("conflict", column="edu")
    sources = selectors.sources_of(access_of(staff), conflict)
    assert [(item.value, item.raised, item.verified_level) for item in sources] == [
        ("20", False, 3),
        ("70", True, 2),
    ]
    values = {
        item.source.value: item.source.contribution for item in offered(staff, conflict)["keep"]
    }
    assert set(values) == {"20", "70"}
    settled = settle(conflict, staff, Resolution.KEEP, source=values["70"])
    assert Person.objects.get().edu == "70"
    stored = the("conflict", column="edu")
    assert (stored.resolved_as, stored.resolution, stored.act) == ("keep", "核对", settled.act)
    assert differences() == []
    with pytest.raises(AlreadyDone):
        settle(stored, staff)
    unsettle(stored, staff)
    assert Person.objects.get().edu == "20"
    assert DeskAct.objects.get().undone_at == AT
    assert the("conflict", column="edu").resolved_at is None
    assert differences() == []


def test_a_number_is_kept_without_being_seen_whole(send, staff):
    other = id_number("1970-05-01", 3)
    line = {"key": "a", "name": "陈一"}
    send(street(1, [member(id_no=MAN, **line)]), day="2026-03-01")
    send(street(1, [member(id_no=other, **line)]), day="2026-04-01")
    conflict = the("conflict", column="id_no")
    keep = offered(staff, conflict)["keep"]
    assert len(keep) == 2
    assert not {MAN, other} & {str(item.source.value) for item in keep}
    second = next(item for item in keep if item.source.raised)
    settle(conflict, staff, Resolution.KEEP, source=second.source.contribution)
    person = Person.objects.get()
    (same,) = {row.id_no_hash for row in Person.objects.filter(id_no_hash=person.id_no_hash)}
    assert selectors.provenance(access_of(staff), person)["id_no"].is_desk_act
    assert same is not None


def test_another_name_is_a_former_one(send, staff):
    send(street(1, [member(id_no=MAN, name="陈一")]), day="2026-03-01")
    send(street(1, [member(id_no=MAN, name="陈乙")]), day="2026-04-01")
    differs = the("name_differs")
    settle(differs, staff, Resolution.FORMER_NAME)
    assert (Person.objects.get().name, Person.objects.get().former_name) == ("陈一", "陈乙")
    unsettle(the("name_differs"), staff)
    assert Person.objects.get().former_name is None
    assert the("name_differs").resolved_at is None


def test_two_persons_are_joined_and_parted_with_the_exception(send, staff):
    line = {"birth_date": "1970-05-01", "sex": "1", "phone": "020-00000001"}
    send(street(1, [member(key="a", **line)]))
    send(street(2, [member(key="b", **line)]))
    settle(the("possible_duplicate"), staff, Resolution.SAME)
    assert Person.objects.count() == 1
    unsettle(the("possible_duplicate"), staff)
    assert Person.objects.count() == 2
    settle(the("possible_duplicate"), staff, Resolution.NOT_SAME)
    assert the("possible_duplicate").resolved_as == "not_same"
    assert differences() == []
    services.undo(act=DeskAct.objects.get(kind="not_same"), access=access_of(staff), at=AT)
    assert the("possible_duplicate").resolved_at is None
    assert differences() == []


def test_a_record_is_sent_back_and_taken_up_again(send, staff):
    filled = street(1, [member(id_no=MAN[:-1] + ("0" if MAN[-1] != "0" else "1"))])
    record = send(filled)
    bad = the("bad_id")
    assert set(offered(staff, bad)) == {"correct", "send_back", "note"}
    settle(bad, staff, Resolution.SEND_BACK, note="号码少一位")
    record.refresh_from_db()
    assert record.review_state == "has_issues"
    assert the("bad_id").decision.reason == "号码少一位"
    unsettle(the("bad_id"), staff)
    record.refresh_from_db()
    assert record.review_state == "received"
    assert the("bad_id").resolved_at is None


def test_somebody_reported_dead_lives_or_died_on_a_day(send, staff):
    send(street(1, [member(id_no=MAN)]), day="2026-03-01")
    person = Person.objects.get()
    visit = Filled(
        form="home_visit", person_id=str(person.pk), visit={"outcome": "7", "mode": "1"},
        visited_at="2026-04-01T09:00:00+08:00",
    )  # fmt: skip
    send(visit)
    reported = the("death_reported")
    assert {item.column for item in offered(staff, reported)["correct"]} == {"death_date"}
    settle(reported, staff, Resolution.ALIVE)
    assert Person.objects.get().person_status == "1"
    unsettle(the("death_reported"), staff)
    with pytest.raises(ResolutionLacks):
        settle(the("death_reported"), staff, Resolution.CORRECT)
    settle(the("death_reported"), staff, Resolution.CORRECT, value="2026-03-30")
    assert str(Person.objects.get().death_date) == "2026-03-30"
    assert differences() == []


def test_somebody_never_met_is_moved_to_another_state(send, staff):
    send(street(1, [member(id_no=MAN, **SEEKING)]), day="2026-03-01")
    person = str(Person.objects.get().pk)
    for day in ("01", "11", "21"):
        send(
            Filled(form="home_visit", person_id=person, visit={"outcome": "3", "mode": "1"}),
            day=f"2026-05-{day}",
        )
    not_met = the("not_met")
    states = {item.move.to for item in offered(staff, not_met)["move"]}
    assert states == {"2", "4"}
    with pytest.raises(NotOffered):
        settle(not_met, staff, Resolution.MOVE, to="3")
    settle(not_met, staff, Resolution.MOVE, to="4")
    assert Person.objects.get().person_status == "4"
    unsettle(the("not_met"), staff)
    assert Person.objects.get().person_status == "1"
    assert the("not_met").resolved_at is None


def test_a_visit_made_elsewhere_is_taken_out(send, staff):
    home = {"address": "示范路1号", "loc": "23.1301 113.3501 0 8"}
    first = Filled(household_id=uuid_of("h"), household=home, members=[member(id_no=MAN)])
    send(first, day="2026-03-01")
    far = Filled(
        form="home_visit", person_id=str(Person.objects.get().pk),
        visit={"outcome": "1", "mode": "1", "loc": "23.1500 113.3501 0 8"},
    )  # fmt: skip
    send(far, day="2026-04-01")
    away = the("location_mismatch", column="loc")
    settle(away, staff, Resolution.VOID)
    assert Visit.objects.count() == 1
    unsettle(the("location_mismatch", column="loc"), staff)
    assert Visit.objects.count() == 2


def test_a_note_is_taken_back_and_what_has_no_cause_any_more_is_gone(send, staff):
    told = send(street(1, [member(id_no=MAN, name="陈一")]), day="2026-03-01")
    send(street(1, [member(id_no=MAN, name="陈乙")]), day="2026-04-01")
    with pytest.raises(ActReasonMissing):
        settle(the("name_differs"), staff, note=" ")
    settle(the("name_differs"), staff)
    unsettle(the("name_differs"), staff)
    settle(the("name_differs"), staff)
    told.review_state = "rejected"
    told.save()
    merge(told)
    unsettle(the("name_differs"), staff)
    assert not LedgerException.objects.filter(kind="name_differs").exists()


def test_who_may_not_decide_is_offered_nothing(send, staff, make_user):
    send(street(1, [member(id_no=MAN, name="陈一")]), day="2026-03-01")
    send(street(1, [member(id_no=MAN, name="陈乙")]), day="2026-04-01")
    county = make_user("county", role="county", area="440106")
    assert offered(county, the("name_differs")) == {}
    for resolution in (Resolution.NOTE, Resolution.FORMER_NAME):
        with pytest.raises(NotYours):
            settle(the("name_differs"), county, resolution)
    with pytest.raises(NotOffered):
        settle(the("name_differs"), staff, Resolution.SAME)
    assert the("name_differs").resolved_at is None
