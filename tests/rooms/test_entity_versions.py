"""Versions of listed entries, tombstones, and what forms claim about entries, in whatever order they come."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime

import pytest

from server.accounts.access import Worker, access_of
from server.ledgers import services
from server.ledgers.entity_lists import lists as entities
from server.ledgers.models import EntityClaim, Household, LedgerException, ListedEntity
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.selectors import deleted_entities
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

    def send(*filled: Filled, edits=None, names=None):
        made = [
            store(
                one,
                version=versions[one.form],
                submitter=staff,
                instance_id=f"uuid:{uuid_of(str(next(numbers) if names is None else names[at]))}",
                submission=edits,
            )
            for at, one in enumerate(filled)
        ]
        services.merge_submissions(submission_ids=[one.pk for one in made], as_of=AS_OF)
        return made[-1]

    return send


def version() -> int:
    return int(rows()[HOME]["__version"])


def conflicts() -> list[tuple[str, list[str]]]:
    found = LedgerException.objects.filter(kind="entity_conflict").order_by("contribution")
    return [(one.detail["verdict"], one.detail["columns"]) for one in found]


def review(submission, state: str) -> None:
    submission.review_state = state
    submission.save()
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)


def test_a_version_rises_with_what_a_phone_sees_and_with_nothing_else(send):
    first = send(CREATE)
    assert version() == 1
    marked = entities.households.hash(HERE)
    services.merge_submissions(submission_ids=[first.pk], as_of=AS_OF)
    send(street(2, [member(id_no="")]))
    assert version() == 1
    other = entities.households.hash(HERE)
    assert other != marked
    send(Filled(household_id=HOME, household={"dibao_status": "1"}, visit={}))
    assert (version(), entities.households.hash(HERE)) == (1, other)
    send(claimed("", 3, address="示范路1号", room="102"))
    assert version() == 2
    assert entities.households.hash(HERE) != other
    assert entities.households.hash(ELSEWHERE) == entities.households.hash(ELSEWHERE)


def test_no_version_falls_when_a_row_goes_and_comes_or_is_rebuilt(send):
    first = send(CREATE)
    send(claimed("", 3, address="示范路1号", room="102"))
    assert version() == 2
    review(first, "rejected")
    seen = version()
    review(first, "received")
    assert version() >= seen
    everything = {one.entity: one.version for one in ListedEntity.objects.all()}
    Household.objects.update(address="别处")
    how = {"area": "", "as_of": AS_OF, "progress": lambda done, of: None}
    rebuild(keep=False, **how)
    assert {one.entity: one.version for one in ListedEntity.objects.all()} == everything
    rebuild(keep=True, **how)
    for one in ListedEntity.objects.all():
        assert one.version >= everything[one.entity]
    assert rebuild(keep=False, **how).differences == []


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


def test_an_update_from_an_old_version_is_taken_and_marked(send):
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


def test_a_conflict_is_settled_by_a_person_and_stays_settled(send, staff):
    send(CREATE)
    send(claimed('update="1" baseVersion="1"', 3, room="102"))
    last = send(claimed('update="1" baseVersion="1"', 4, room="103"))
    services.resolve_exception(
        exception=LedgerException.objects.get(kind="entity_conflict"),
        note="看过",
        user=staff,
        access=access_of(staff),
        at=AT,
    )
    services.merge_submissions(submission_ids=[last.pk], as_of=AS_OF)
    found = LedgerException.objects.get(kind="entity_conflict")
    assert (found.resolution, found.family, str(found.entry)) == ("看过", "household", HOME)


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        (f'dataset="households" id="{HOME}1" create="1"', "no_uuid"),
        (f'dataset="households" id="{uuid_of("x")}" update="1" baseVersion="1"', "unknown_id"),
        (f'dataset="trees" id="{HOME}" create="1"', "unknown_list"),
    ],
)
def test_a_bad_entity_costs_nothing_but_a_remark(send, block, verdict):
    made = claimed("", address="示范路1号")
    made.block = f"<entity {block}><label>x</label></entity>"
    submission = send(made)
    assert Household.objects.get().address == "示范路1号"
    found = LedgerException.objects.get(kind="entity_fault")
    assert found.detail["verdict"] == verdict
    assert (found.family, found.area_code) == ("visit", COMMUNITY)
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
    told = entities.households.hash(HERE)
    for number in range(2):  # nothing that a list shows has changed
        send(claimed(f'update="1" baseVersion="{number + 1}" trunkVersion="1" {BRANCH}'))
        assert version() == number + 2
        assert told != (told := entities.households.hash(HERE))
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
    made = Claimed(
        form="employer",
        visited_at=f"2026-03-{day:02d}T09:00:00+08:00",
        employer_id=entity,
        household=answers,
    )
    made.block = (
        f'<entity dataset="employers" id="{entity}" {attributes}><label>甲厂</label></entity>'
    )
    return made


def test_a_waiting_update_is_taken_up_also_when_its_entry_turns_out_to_be_another(send):
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
    how = {"access": access_of(staff), "at": AT}
    double = uuid_of("household 2")
    act = services.mark_same(family="household", entry=double, other=HOME, reason="x", **how)
    assert str(Household.objects.get().pk) == double
    assert str(LedgerException.objects.get(kind="entity_conflict").entry) == double
    services.undo(act=act, **how)
    assert str(LedgerException.objects.get(kind="entity_conflict").entry) == HOME


def test_every_row_has_a_label_however_little_is_known(send):
    send(employer(EMPLOYER, "", 1, n_staff="5"))
    line = {"emp_status": "21", "birth_date": "1970-05-01", "hukou_type": "10", "sex": "1"}
    seeking = {"work_capacity": "1", "job_willing": "1", "spell.unemp_date": "2026-02-01"}
    send(Filled(household_id=HOME, members=[member("", key="a", **line, **seeking)]))
    for one in (entities.employers, entities.households, entities.cases):
        labels = [row["label"] for row in rows(one).values()]
        assert labels
        assert all(labels), one.name


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
