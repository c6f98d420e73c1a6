"""A vacancy suggested to a person: an offer in its first state, which is followed, counted, remembered and undone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from server.accounts.access import access_of
from server.ledgers import selectors, services
from server.ledgers.desk.forgetting import forget_person
from server.ledgers.entity_lists import lists as entities
from server.ledgers.models import AssistanceCase, DeskAct, Offer, Person, Vacancy
from server.ledgers.problems import (
    AlreadyOffered,
    NoSuchEntry,
    NotSuitable,
    NotYours,
    OfferGoesOn,
    SuggestionVoided,
)
from server.ledgers.refolding.past import past_of
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
SEEKING = {
    "emp_status": "21", "work_capacity": "1", "job_willing": "1", "hukou_type": "10",
    "spell.unemp_date": "2025-02-01", "person_status": "1",
}  # fmt: skip


@pytest.fixture
def staff(divisions, make_user):
    return make_user("zhang")


@pytest.fixture
def send(staff):
    versions, numbers = make_versions(), iter(range(100))

    def send(filled: Filled):
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=staff,
            instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
        return submission

    return send


@pytest.fixture
def pair(send):
    """Somebody who seeks work, with a case, and a vacancy with one place."""
    send(street(1, [member("陈一", id_no=id_number("1970-05-01", 1), **SEEKING)]))
    send(
        Filled(
            form="employer", employer_id=uuid_of("e"), household={"name": "甲厂"},
            members=[{"title": "保安", "n_wanted": "1", "expires_on": "2026-12-31"}],
        )
    )  # fmt: skip
    return Person.objects.get(), Vacancy.objects.get()


def suggest(staff, person, vacancy, at=AT, **more):
    return services.suggest(
        person=person.pk, vacancy=vacancy.pk, reason="工种对口", access=access_of(staff), at=at,
        **more,
    )  # fmt: skip


def no_difference():
    report = rebuild(area="", keep=False, as_of=AS_OF, progress=lambda done, of: None)
    assert report.differences == []


def test_a_suggestion_is_an_offer_that_goes_on_to_six_months_in_the_job(pair, staff, send):
    person, vacancy = pair
    suggest(staff, person, vacancy, channel="3")
    offer = Offer.objects.get()
    assert (offer.person_id, offer.vacancy_id, offer.area_code) == (
        person.pk,
        vacancy.pk,
        COMMUNITY,
    )
    assert (offer.state, offer.offered_on, offer.channel, offer.response) == ("1", AS_OF, "3", None)
    case = AssistanceCase.objects.get(subject_person=person)
    assert (offer.case_id, case.offers_n, case.refusals_n) == (case.pk, 1, 0)
    how = {"reason": "本人答复", "evidence": [], "access": access_of(staff)}
    move = {"entry": offer, "values": {}, **how}
    services.move(to="2", at=AT + timedelta(hours=1), **move)
    offer.refresh_from_db()
    services.move(to="6", at=AT + timedelta(hours=2), **move)
    offer.refresh_from_db()
    vacancy.refresh_from_db()
    assert (offer.state, offer.hired_on) == ("6", AS_OF)
    assert (vacancy.n_filled, vacancy.state) == (1, "5")
    assert [step["months"] for step in offer.on_job] == [1, 3, 6]
    no_difference()
    send(street(1, [member("陈一", id_no=id_number("1970-05-01", 1), **SEEKING)]))
    assert Offer.objects.get().state == "6"
    no_difference()


def test_a_refusal_of_a_suggestion_is_counted_and_undone(pair, staff):
    person, vacancy = pair
    suggest(staff, person, vacancy)
    act = services.move(
        entry=Offer.objects.get(), to="3", values={"refuse_reason": "1"}, reason="本人不愿意",
        evidence=[], access=access_of(staff), at=AT + timedelta(hours=1),
    )  # fmt: skip
    case = AssistanceCase.objects.get(subject_person=person)
    assert (case.offers_n, case.refusals_n) == (1, 1)
    suggested = DeskAct.objects.get(kind="suggest")
    with pytest.raises(OfferGoesOn):
        services.undo(act=suggested, access=access_of(staff), at=AT)
    for done in (act, suggested):
        services.undo(act=done, access=access_of(staff), at=AT + timedelta(hours=2))
    case.refresh_from_db()
    assert (case.offers_n, case.refusals_n, Offer.objects.count()) == (0, 0, 0)
    no_difference()
    suggest(staff, person, vacancy, at=AT + timedelta(hours=3))
    assert Offer.objects.count() == 1


def test_the_same_pair_is_not_suggested_twice_nor_who_does_not_suit(pair, staff, make_user, send):
    person, vacancy = pair
    suggest(staff, person, vacancy)
    with pytest.raises(AlreadyOffered) as refused:
        suggest(staff, person, vacancy, at=AT + timedelta(days=9))
    assert refused.value.data == {"day": "2026-11-23", "state": "已送岗"}
    with pytest.raises(NoSuchEntry):
        suggest(make_user("wang", role="street", area=OTHER_STREET_COMMUNITY[:9]), person, vacancy)
    with pytest.raises(NotYours):
        suggest(make_user("xu", role="worker", area=COMMUNITY), person, vacancy)
    services.void(
        family="offer", entry=Offer.objects.get().pk, reason="录错", access=access_of(staff), at=AT
    )
    with pytest.raises(SuggestionVoided):
        suggest(staff, person, vacancy)
    employed = {**SEEKING, "emp_status": "10"}
    send(street(2, [member("李二", id_no=id_number("1972-05-01", 2), **employed)]))
    with pytest.raises(NotSuitable):
        suggest(staff, Person.objects.get(name="李二"), vacancy)
    assert DeskAct.objects.filter(kind="suggest").count() == 1


def test_a_suggestion_follows_a_person_who_turns_out_to_be_another(pair, staff, send):
    person, vacancy = pair
    send(street(2, [member("陈一", key="b", birth_date="1970-05-01", sex="1", **SEEKING)]))
    other = Person.objects.exclude(pk=person.pk).get()
    suggest(staff, other, vacancy)
    act = services.mark_same(
        family="person", entry=person.pk, other=other.pk, reason="本人确认",
        access=access_of(staff), at=AT,
    )  # fmt: skip
    joined = Person.objects.get()
    assert Offer.objects.get().person_id == joined.pk
    assert AssistanceCase.objects.filter(subject_person=joined).get().offers_n == 1
    no_difference()
    services.undo(act=act, access=access_of(staff), at=AT)
    assert Offer.objects.get().person_id == other.pk
    no_difference()


def test_a_suggestion_is_known_as_of_a_day(pair, staff):
    person, vacancy = pair
    act = suggest(staff, person, vacancy)
    offer = Offer.objects.get()
    services.undo(act=act, access=access_of(staff), at=AT + timedelta(hours=5))
    for asked in (person, vacancy):
        known = past_of(str(asked.pk), on=AS_OF, known_by=AT + timedelta(hours=1))
        assert known.row("offer", str(offer.pk))["vacancy_id"] == str(vacancy.pk)
        assert (
            known.row("case", str(AssistanceCase.objects.get(subject_person=person).pk))["offers_n"]
            == 1
        )
    later = past_of(str(person.pk), on=AS_OF, known_by=AT + timedelta(hours=6))
    assert later.row("offer", str(offer.pk)) is None


def test_the_rebuild_of_an_area_takes_in_what_its_suggestions_name(pair, staff, send):
    person, _vacancy = pair
    there = {"form": "employer", "community": OTHER_COMMUNITY, "household": {"name": "乙厂"}}
    send(
        Filled(
            employer_id=uuid_of("f"),
            members=[{"title": "保洁", "n_wanted": "2", "expires_on": "2026-12-31"}],
            **there,
        )
    )
    suggest(staff, person, Vacancy.objects.get(title="保洁"))
    for area in (COMMUNITY, OTHER_COMMUNITY):
        report = rebuild(area=area, keep=False, as_of=AS_OF, progress=lambda done, of: None)
        assert (report.differences, report.acts) == ([], 1)
        assert report.rows["ledgers_offer"] == 1
        assert report.rows["ledgers_person"] == 1


def test_the_phone_lists_the_suggested_vacancy_with_the_person(pair, staff):
    person, vacancy = pair
    suggest(staff, person, vacancy)
    rows = entities.persons.rows_of([str(person.pk)])
    (listed,) = rows
    assert (listed["offer"], listed["job"]) == (str(Offer.objects.get().pk), "保安")


def test_what_was_suggested_to_a_person_goes_with_the_person(pair, staff):
    person, vacancy = pair
    gone = suggest(staff, person, vacancy)
    services.undo(act=gone, access=access_of(staff), at=AT)
    suggest(staff, person, vacancy, at=AT + timedelta(days=1))
    forget_person(person.pk, selectors.entries_about_person(person.pk), at=AT)
    assert not DeskAct.objects.filter(kind="suggest").exists()
    assert not Offer.objects.exists()
