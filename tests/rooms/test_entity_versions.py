"""Versions of listed entries, tombstones, and what forms claim about entries, in whatever order they come."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.accounts.access import Worker, access_of
from server.core import clock
from server.ledgers import services
from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.entity_lists import lists as entities
from server.ledgers.entity_lists.lists import LISTS
from server.ledgers.entity_lists.versions import update_versions
from server.ledgers.models import (
    AssistanceCase,
    EntityClaim,
    Household,
    LedgerException,
    ListedEntity,
    Retiree,
    Vacancy,
)
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.selectors import deleted_entities
from server.submissions.models import Submission
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.claims import (
    BRANCH,
    CHAIN,
    CREATE,
    HERE,
    HOME,
    SAVETO,
    Claimed,
    claimed,
    rows,
)
from tests.factories.ledgers import Filled, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
ELSEWHERE = Worker(2, (OTHER_STREET_COMMUNITY,))


@pytest.fixture
def staff(divisions, make_user):
    return make_user("zhang")


@pytest.fixture
def send(staff):
    versions, numbers = make_versions(), itertools.count()
    versions["survey"].xform = SAVETO
    versions["survey"].save()

    def send(*filled: Filled, edits=None, names=None, review_state=None):
        submissions = [
            store(
                form,
                version=versions[form.form],
                submitter=staff,
                instance_id=f"uuid:{uuid_of(str(next(numbers) if names is None else names[at]))}",
                submission=edits,
            )
            for at, form in enumerate(filled)
        ]
        ids = [submission.pk for submission in submissions]
        if review_state is not None:
            Submission.objects.filter(pk__in=ids).update(review_state=review_state)
        services.merge_submissions(submission_ids=ids, as_of=AS_OF)
        return submissions[-1]

    return send


def columns() -> dict[str, Any]:
    """The columns that every ledger row needs."""
    return {"id": uuid4(), "area_code": COMMUNITY, "observed_at": AT, "verified_level": 2}


def version() -> int:
    return int(rows()[HOME]["__version"])


def conflicts() -> list[tuple[str, list[str]]]:
    details = (
        LedgerException.objects.filter(kind="entity_conflict")
        .order_by("contribution")
        .values_list("detail", flat=True)
    )
    return [(detail["verdict"], detail["columns"]) for detail in details]


def versions_by_entity() -> dict[UUID, int]:
    return dict(ListedEntity.objects.values_list("entity", "version"))


def review(submission, state: str) -> None:
    submission.review_state = state
    submission.save()
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)


def test_a_version_rises_with_what_a_phone_sees_and_with_nothing_else(send):
    first = send(CREATE)
    assert version() == 1
    before = entities.households.hash(HERE)
    services.merge_submissions(submission_ids=[first.pk], as_of=AS_OF)
    send(street(2, [member(id_no="")]))
    assert version() == 1
    with_another = entities.households.hash(HERE)
    assert with_another != before
    send(Filled(household_id=HOME, household={"dibao_status": "1"}, visit={}))
    assert (version(), entities.households.hash(HERE)) == (1, with_another)
    send(claimed("", 3, address="示范路1号", room="102"))
    assert version() == 2
    assert entities.households.hash(HERE) != with_another
    assert entities.households.hash(ELSEWHERE) == entities.households.hash(ELSEWHERE)


def test_no_version_falls_when_a_row_goes_and_comes_or_is_rebuilt(send):
    first = send(CREATE)
    send(claimed("", 3, address="示范路1号", room="102"))
    assert version() == 2
    review(first, "rejected")
    rejected = version()
    review(first, "received")
    assert version() >= rejected
    before = versions_by_entity()
    Household.objects.update(address="别处")
    options = {"area": "", "as_of": AS_OF, "progress": lambda done, of: None}
    rebuild(keep=False, **options)
    assert versions_by_entity() == before
    rebuild(keep=True, **options)
    for entity, number in versions_by_entity().items():
        assert number >= before[entity]
    assert rebuild(keep=False, **options).differences == []


def test_only_what_was_listed_and_is_no_more_is_called_deleted(send, staff):
    unknown = uuid_of("on its way")
    ids = [HOME, f"uuid:{HOME}", unknown, "no uuid"]
    first = send(CREATE)
    assert deleted_entities(HERE, ids) == set()
    review(first, "rejected")
    assert deleted_entities(HERE, ids) == {HOME, f"uuid:{HOME}"}
    assert deleted_entities(ELSEWHERE, ids) == set()
    review(first, "received")
    assert deleted_entities(HERE, ids) == set()
    services.void(
        family="household", entry=Household.objects.get().pk, reason="x", access=access_of(staff), at=AT
    )  # fmt: skip
    assert deleted_entities(HERE, ids) == {HOME, f"uuid:{HOME}"}
    assert ListedEntity.objects.get(list="households").left_as == "removed"


def test_a_merged_household_is_deleted_for_those_who_have_the_survivor(send, staff):
    send(CREATE, street(2, [member(key="b")]))
    alias = uuid_of("household 2")
    services.mark_same(
        family="household", entry=HOME, other=alias, reason="x", access=access_of(staff), at=AT
    )
    (left,) = Household.objects.values_list("pk", flat=True)
    gone = {HOME, alias} - {str(left)}
    assert deleted_entities(HERE, [HOME, alias]) == gone
    assert deleted_entities(ELSEWHERE, [HOME, alias]) == set()


def test_an_update_from_an_old_version_is_merged_and_raises_a_conflict(send):
    send(CREATE)
    send(claimed('update="1" baseVersion="1"', 3, address="示范路1号", room="102"))
    assert conflicts() == []
    hard = send(claimed('update="1" baseVersion="1"', 4, address="示范路1号", room="103"))
    assert rows()[HOME]["room"] == "103"  # by the fold's rule, not by the conflict
    assert conflicts() == [("hard", ["room"])]
    send(claimed('update="1" baseVersion="1"', 5, address="示范路2号"))
    assert conflicts()[1] == ("soft", ["room"])
    services.merge_submissions(submission_ids=[hard.pk], as_of=AS_OF)
    review(hard, "approved")
    assert len(conflicts()) == 2
    review(hard, "rejected")
    assert conflicts() == [("soft", ["room"])]


def test_two_updates_in_one_batch_meet_each_other(send):
    send(CREATE)
    send(
        claimed('update="1" baseVersion="1"', 3, room="102"),
        claimed('update="1" baseVersion="1"', 4, room="103"),
    )
    assert conflicts() == [("hard", ["room"])]


def test_a_resolved_conflict_stays_resolved(send, staff):
    send(CREATE)
    send(claimed('update="1" baseVersion="1"', 3, room="102"))
    last = send(claimed('update="1" baseVersion="1"', 4, room="103"))
    services.settle(
        exception=LedgerException.objects.get(kind="entity_conflict"),
        choice=services.Choice(),
        note="看过",
        user=staff,
        access=access_of(staff),
        at=AT,
    )
    services.merge_submissions(submission_ids=[last.pk], as_of=AS_OF)
    conflict = LedgerException.objects.get(kind="entity_conflict")
    assert (conflict.resolution, conflict.family, str(conflict.entry)) == (
        "看过",
        "household",
        HOME,
    )
    review(last, "rejected")
    assert LedgerException.objects.get(kind="entity_conflict") == conflict


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        (f'dataset="households" id="{HOME}1" create="1"', "no_uuid"),
        (f'dataset="households" id="{uuid_of("x")}" update="1" baseVersion="1"', "unknown_id"),
        (f'dataset="trees" id="{HOME}" create="1"', "unknown_list"),
    ],
)
def test_a_faulty_entity_block_raises_an_exception_and_loses_no_answer(send, block, verdict):
    form = claimed("", address="示范路1号")
    form.block = f"<entity {block}><label>x</label></entity>"
    submission = send(form)
    assert Household.objects.get().address == "示范路1号"
    fault = LedgerException.objects.get(kind="entity_fault")
    assert fault.detail["verdict"] == verdict
    assert (fault.family, fault.area_code) == ("visit", COMMUNITY)
    review(submission, "rejected")
    assert not LedgerException.objects.filter(kind="entity_fault").exists()


@pytest.mark.parametrize(
    ("order", "at_once"),
    [
        *((order, False) for order in itertools.permutations(range(3))),
        ((2, 1, 0), True),  # a batch is put in the order of receipt, whatever its own
        ((1, 0, 2), True),
    ],
)
def test_an_offline_chain_ends_the_same_in_any_order(send, order, at_once):
    if at_once:
        send(*(CHAIN[at] for at in order), names=[f"chain {at}" for at in order])
    else:
        for at in order:
            send(CHAIN[at], names=[f"chain {at}"])
    (row,) = rows().values()
    assert (row["room"], row["address"], row["name"]) == ("103", "示范路1号", HOME)
    assert int(row["__version"]) >= 3, "what the phone counted itself, else it keeps its own row"
    assert LedgerException.objects.filter(kind__startswith="entity").count() == 0
    assert EntityClaim.objects.count() == 3


def test_a_version_follows_what_phones_count_and_no_further(send):
    send(CREATE)
    last_hash = entities.households.hash(HERE)
    for number in range(2):  # nothing that a list shows has changed
        send(claimed(f'update="1" baseVersion="{number + 1}" trunkVersion="1" {BRANCH}'))
        assert version() == number + 2
        assert last_hash != (last_hash := entities.households.hash(HERE))
    for bluff in ('baseVersion="2000000000"', 'baseVersion="9" trunkVersion="2000000000"'):
        send(claimed(f'update="1" {bluff} branchId="5d1f6c3a-9a0e-4b7e-8f43-0a9b8c7d6e99"'))
        assert version() == 3
    send(claimed('update="1" baseVersion="2000000000"'))
    assert version() == 3


def test_an_update_that_overtakes_its_creation_waits_in_sight(send):
    ahead = Claimed(form="home_visit", person_id=uuid_of("a"), household_id="")
    ahead.block = CHAIN[1].block
    send(ahead)
    assert LedgerException.objects.get(kind="entity_fault").detail["verdict"] == "unknown_id"
    send(CREATE)
    assert not LedgerException.objects.filter(kind="entity_fault").exists()


EMPLOYER, DOUBLE = uuid_of("e"), uuid_of("f")
CODE = "91110000600037341L"


def employer(entity: str, attributes: str, day: int, **answers: str) -> Claimed:
    form = Claimed(
        form="employer",
        visited_at=f"2026-03-{day:02d}T09:00:00+08:00",
        employer_id=entity,
        household=answers,
    )
    form.block = (
        f'<entity dataset="employers" id="{entity}" {attributes}><label>甲厂</label></entity>'
    )
    return form


def test_a_waiting_update_is_accepted_also_when_its_entry_is_merged_into_another(send):
    send(employer(EMPLOYER, 'create="1"', 1, name="甲厂", uscc=CODE))
    send(employer(DOUBLE, f'update="1" baseVersion="1" trunkVersion="" {BRANCH}', 3))
    assert LedgerException.objects.get().detail["verdict"] == "unknown_id"
    send(employer(DOUBLE, 'create="1"', 2, name="甲厂", uscc=CODE))
    assert [row["name"] for row in rows(entities.employers).values()] == [EMPLOYER]
    assert not LedgerException.objects.exists()


def test_a_conflict_follows_its_entry_into_another_and_back(send, staff):
    send(CREATE, street(2, [member(key="b")]))
    send(claimed('update="1" baseVersion="1"', 3, room="102"))
    send(claimed('update="1" baseVersion="1"', 4, room="103"))
    actor = {"access": access_of(staff), "at": AT}
    double = uuid_of("household 2")
    act = services.mark_same(family="household", entry=double, other=HOME, reason="x", **actor)
    assert str(Household.objects.get().pk) == double
    assert str(LedgerException.objects.get(kind="entity_conflict").entry) == double
    services.undo(act=act, **actor)
    assert str(LedgerException.objects.get(kind="entity_conflict").entry) == HOME


def test_every_row_has_a_label_however_little_is_known(send):
    send(employer(EMPLOYER, "", 1, n_staff="5"))
    line = {"emp_status": "21", "birth_date": "1970-05-01", "hukou_type": "10", "sex": "1"}
    seeking = {"work_capacity": "1", "job_willing": "1", "spell.unemp_date": "2026-02-01"}
    send(Filled(household_id=HOME, members=[member("", key="a", **line, **seeking)]))
    Vacancy.objects.create(**columns(), state="1")
    Retiree.objects.create(**columns(), state="1")
    for ledger_list in LISTS.values():
        labels = [row["label"] for row in rows(ledger_list).values()]
        assert labels
        assert all(labels), ledger_list.name
        for row in ledger_list.rows_of(rows(ledger_list)):
            assert tuple(row) == ledger_list.columns
    for row in entities.communities.rows([COMMUNITY]):
        assert tuple(row) == entities.communities.columns


def test_a_closed_case_leaves_the_list_and_is_not_called_deleted(divisions):
    case = AssistanceCase.objects.create(**columns(), state="6", category=["A01"])
    known = []
    for state in ("6", "9", "6"):
        AssistanceCase.objects.update(state=state)
        update_versions(EntityList.CASES, [str(case.pk)])
        listed = ListedEntity.objects.get(entity=case.pk)
        known.append((listed.version, listed.left_as))
        assert deleted_entities(HERE, [str(case.pk)]) == set()
    assert known == [(1, ""), (1, "closed"), (2, "")]
    AssistanceCase.objects.all().delete()
    update_versions(EntityList.CASES, [str(case.pk)])
    assert deleted_entities(HERE, [str(case.pk)]) == {str(case.pk)}


def test_a_household_that_moves_changes_the_lists_of_both_communities(divisions):
    household = Household.objects.create(**columns())
    update_versions(EntityList.HOUSEHOLDS, [str(household.pk)])
    before = [entities.households.hash(worker) for worker in (HERE, ELSEWHERE)]
    Household.objects.update(area_code=OTHER_STREET_COMMUNITY)
    update_versions(EntityList.HOUSEHOLDS, [str(household.pk)])
    after = [entities.households.hash(worker) for worker in (HERE, ELSEWHERE)]
    assert all(new != old for new, old in zip(after, before, strict=True))
    assert ListedEntity.objects.get().version == 2


def test_the_day_changes_the_hash_of_lists_that_show_what_is_due(send, monkeypatch):
    """A phone fetches its list again on the day a visit becomes due, though no row changed."""
    send(CREATE)
    hashes = []
    for day in (AS_OF, AS_OF, AS_OF + timedelta(1)):
        monkeypatch.setattr(clock, "today", lambda day=day: day)
        hashes.append({name: ledger_list.hash(HERE) for name, ledger_list in LISTS.items()})
    today, still_today, tomorrow = hashes
    assert still_today == today
    assert {name for name in LISTS if tomorrow[name] != today[name]} == {
        "households", "cases", "persons",
    }  # fmt: skip
    assert version() == 1


def test_a_rejected_record_makes_tombstones_of_what_it_would_have_created_only(send):
    update = Claimed(form="home_visit", person_id=uuid_of("a"), household_id="")
    update.block = CHAIN[1].block
    send(update, review_state="rejected")
    assert not ListedEntity.objects.filter(entity=HOME).exists()
    assert deleted_entities(HERE, [HOME]) == set(), "its creation may still be on its way"

    created = send(CREATE, review_state="rejected")
    tombstone = ListedEntity.objects.get(entity=HOME)
    assert (tombstone.version, tombstone.left_as) == (0, "removed")
    assert deleted_entities(HERE, [HOME]) == {HOME}

    review(created, "received")
    assert version() == 1
    assert deleted_entities(HERE, [HOME]) == set()


def test_an_unchanged_list_costs_one_query(send, statements):
    send(CREATE)
    statements.clear()

    entities.households.hash(HERE)
    assert len(statements) == 1
    deleted_entities(HERE, [HOME] * 500)
    assert len(statements) == 2


def test_the_measured_lists_are_whole(divisions):
    from tests.perf.lists import measured

    assert measured(20)["rows"] == 20
