"""Merging, desk acts, exceptions, entity lists, disclosures and rebuilds, on ledgers in the database."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from server.accounts.access import Worker, access_of
from server.core.masking import mask
from server.disclosure.problems import ReasonSaysNothing
from server.disclosure.services import reveal
from server.ledgers import selectors, services
from server.ledgers.entity_lists import lists as entities
from server.ledgers.models import Household, LedgerException, Person, Vacancy, Visit
from server.ledgers.problems import ActReasonMissing, BadValue, NotCorrectable, NotYours
from server.ledgers.reading.masking import shown
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.audit import disclosed
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
MAN = id_number("1970-05-01", 1)
SEEKING = {
    "emp_status": "21",
    "work_capacity": "1",
    "job_willing": "1",
    "hukou_type": "10",
    "spell.unemp_date": "2026-02-01",
}


@pytest.fixture
def staff(divisions, make_user):
    return make_user("zhang")


@pytest.fixture
def send(staff):
    versions, numbers = make_versions(), iter(range(100))

    def send(filled: Filled, *, edits=None):
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=staff,
            instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
            submission=edits,
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
        return submission

    return send


def same(staff, person: Person, other: Person):
    return services.mark_same(
        family="person",
        entry=person.pk,
        other=other.pk,
        reason="本人确认",
        access=access_of(staff),
        at=AT,
    )


def test_the_same_submission_again_changes_nothing(send):
    submission = send(street(1, [member(id_no=MAN, **SEEKING)]))
    before = list(Person.objects.values())
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    assert list(Person.objects.values()) == before
    assert Person.objects.get().row_version == 1


def test_a_rejected_submission_leaves_no_trace_and_comes_back(send):
    submission = send(street(1, [member(id_no=MAN, **SEEKING)]))
    submission.review_state = "rejected"
    submission.save()
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    assert not Person.objects.exists()
    assert not Household.objects.exists()
    submission.review_state = "approved"
    submission.save()
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    assert Person.objects.get().verified_level == 3


def test_two_persons_are_proposed_as_duplicates_joined_and_parted_again(send, staff):
    line = {"birth_date": "1970-05-01", "sex": "1", "phone": "020-00000001"}
    send(street(1, [member(key="a", **line)]))
    send(street(2, [member(key="b", **line)]))
    duplicate = LedgerException.objects.get(kind="possible_duplicate")
    person, other = Person.objects.order_by("pk")
    assert {duplicate.entry, duplicate.other} == {person.pk, other.pk}
    act = same(staff, person, other)
    joined = Person.objects.get()
    assert {selectors.resolve("person", pk) for pk in (person.pk, other.pk)} == {joined.pk}
    assert not LedgerException.objects.filter(kind="possible_duplicate").exists()
    services.undo(act=act, access=access_of(staff), at=AT)
    assert set(Person.objects.values_list("pk", flat=True)) == {person.pk, other.pk}
    services.mark_not_same(
        family="person",
        entry=person.pk,
        other=other.pk,
        reason="双胞胎",
        access=access_of(staff),
        at=AT,
    )
    assert not LedgerException.objects.filter(kind="possible_duplicate").exists()


def test_a_correction_holds_until_it_is_undone(send, staff):
    send(street(1, [member(id_no=MAN, edu="70")]))
    person = Person.objects.get()
    how = {"family": "person", "entry": person.pk, "access": access_of(staff), "at": AT}
    act = services.correct(column="edu", value="20", reason="看过毕业证", **how)
    person.refresh_from_db()
    assert person.edu == "20"
    assert selectors.provenance(access_of(staff), person)["edu"].is_desk_act
    with pytest.raises(BadValue):
        services.correct(column="edu", value="21", reason="x", **how)
    with pytest.raises(NotCorrectable):
        services.correct(column="is_4050", value=True, reason="x", **how)
    with pytest.raises(ActReasonMissing):
        services.correct(column="edu", value="20", reason=" ", **how)
    services.undo(act=act, access=access_of(staff), at=AT)
    person.refresh_from_db()
    assert person.edu == "70"


def test_a_corrected_phone_is_sealed_like_any_other(send, staff):
    send(street(1, [member(id_no=MAN, phone="020-00000001")]))
    person = Person.objects.get()
    services.correct(
        family="person", entry=person.pk, column="phone", value="020-00000002",
        reason="换号", access=access_of(staff), at=AT,
    )  # fmt: skip
    person.refresh_from_db()
    assert shown(person, "phone") == mask("020-00000002")
    assert "020-0000" not in repr(person.__dict__)


def test_desk_acts_need_the_role_in_the_area(send, make_user):
    send(street(1, [member(id_no=MAN)]))
    for username, role, area in (
        ("far", "street", OTHER_STREET_COMMUNITY[:9]),
        ("county", "county", ""),
    ):
        with pytest.raises(NotYours):
            services.void(
                family="person",
                entry=Person.objects.get().pk,
                reason="x",
                access=access_of(make_user(username, role=role, area=area)),
                at=AT,
            )


def test_a_resolved_exception_stays_resolved(send, staff):
    send(street(1, [member(id_no=MAN)]))
    later = street(1, [member("陈乙", id_no=MAN)])
    later.visited_at = "2026-04-02T09:00:00+08:00"
    submission = send(later)
    exception = LedgerException.objects.get(kind="name_differs")
    services.settle(
        exception=exception,
        choice=services.Choice(),
        note="曾用名",
        user=staff,
        access=access_of(staff),
        at=AT,
    )
    submission.review_state = "approved"
    submission.save()
    services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    assert LedgerException.objects.get(kind="name_differs").resolved_at is not None


def test_an_edit_replaces_what_the_first_version_said(send):
    first = send(street(1, [member(id_no=MAN, edu="70"), member("李二", key="b", relation="1")]))
    send(street(1, [member(id_no=MAN, edu="20")]), edits=first)
    assert Person.objects.get().edu == "20"


def test_the_date_alone_changes_what_it_must(send):
    line = {**SEEKING, "emp_status": "20", "spell.unemp_date": "2025-12-01"}
    send(street(1, [member(id_no=MAN, **line)]))
    assert Person.objects.get().long_term_unemployed is False
    assert services.refold_due(as_of=date(2026, 11, 30)) == 0
    assert services.refold_due(as_of=date(2026, 12, 1)) == 1
    assert Person.objects.get().long_term_unemployed is True
    assert services.refold_due(as_of=date(2026, 12, 1)) == 0


def test_a_vacancy_expires_by_itself(send):
    filled = Filled(
        form="employer",
        household={"name": "甲厂", "uscc": "91110000600037341L"},
        members=[{"title": "保安", "n_wanted": "2", "expires_on": "2026-11-25"}],
    )
    send(filled)
    services.refold_due(as_of=date(2026, 11, 26))
    assert Vacancy.objects.get().state == "6"
    assert Vacancy.objects.get().employer.name == "甲厂"
    assert Visit.objects.get().employer_id == Vacancy.objects.get().employer_id


def test_assisted_households_carry_the_categories_of_their_open_cases(send):
    send(street(1, [member(id_no=MAN, **SEEKING)]))
    household = Household.objects.get()
    assert household.assisted_categories == ["B01", "B04"]
    later = street(1, [member(id_no=MAN, emp_status="10")])
    later.visited_at = "2026-04-02T09:00:00+08:00"
    send(later)
    household.refresh_from_db()
    assert household.assisted_categories == []


def test_what_a_submission_changed_and_where_a_value_came_from(send, staff):
    submission = send(street(1, [member(id_no=MAN, edu="20")]))
    changes = {
        change.ledger: change for change in selectors.changes_of(access_of(staff), submission)
    }
    assert set(changes) == {"person", "household", "visit"}
    assert "edu" in {column.name for column in changes["person"].gave}
    origin = selectors.provenance(access_of(staff), Person.objects.get())["edu"]
    assert (origin.submission_id, origin.rule, origin.verified_level) == (submission.pk, "M2", 2)
    assert origin.path == "/data/members[1]/edu"


def test_readers_see_their_areas_only(send, make_user):
    send(street(1, [member(id_no=MAN, **SEEKING)]))
    near = access_of(make_user("near"))
    far = access_of(make_user("far", area=OTHER_STREET_COMMUNITY))
    for read in (selectors.persons, selectors.households, selectors.cases, selectors.visits):
        assert read(near).exists()
        assert not read(far).exists()
    assert selectors.timeline(near, Household.objects.get())


def test_revealing_needs_role_and_reason_and_is_logged(send, staff, make_user):
    send(street(1, [member(id_no=MAN)]))
    person = Person.objects.get()
    assert shown(person, "id_no") == MAN[:4] + "*" * 14
    with pytest.raises(NotYours):
        reveal(access_of(make_user("li", role="worker")), person, ["id_no"], "核对身份")
    with pytest.raises(ActReasonMissing):
        reveal(access_of(staff), person, ["id_no"], "")
    for nothing in (".", "x", "....", "核对", "aaaaaa", "1234567"):
        with pytest.raises(ReasonSaysNothing):
            reveal(access_of(staff), person, ["id_no"], nothing)
    assert reveal(access_of(staff), person, ["id_no"], "核对身份") == {"id_no": MAN}
    (logged,) = disclosed()
    assert logged.facts["columns"] == ["id_no"]


def rows_of(entity_list, worker: Worker) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(entity_list.csv(worker)).decode())))


def test_entity_lists_are_the_workers_own_and_hash_their_rows(send):
    mine, others = Worker(1, (COMMUNITY,)), Worker(2, (OTHER_STREET_COMMUNITY,))
    lists = (entities.households, entities.cases, entities.employers, entities.communities)
    empty = [entity_list.hash(mine) for entity_list in lists]
    send(street(1, [member(id_no=MAN, phone="020-00000001", **SEEKING)]))
    (household,) = rows_of(entities.households, mine)
    assert household["label"] == "示范路1号 陈一"
    assert household["geometry"] == "23.130100 113.350100 0 0"
    person_case, household_case = sorted(
        rows_of(entities.cases, mine), key=lambda row: row["person"], reverse=True
    )
    assert person_case["household"] == household["name"] == household_case["household"]
    assert person_case["label"] == "陈一 男 1970 户主"
    assert MAN[-4:] not in repr(rows_of(entities.cases, mine))
    assert "B01" not in person_case["categories"]
    visible = repr(rows_of(entities.cases, mine)) + repr(household)
    assert MAN not in visible
    assert "020-0000" not in visible
    assert rows_of(entities.households, others) == []
    full = [entity_list.hash(mine) for entity_list in lists]
    assert [old != new for old, new in zip(empty, full, strict=True)] == [True, True, False, False]
    assert entities.households.hash(others) != entities.households.hash(mine)
    assert rows_of(entities.communities, mine)[0]["code"] == COMMUNITY


def test_a_rebuild_reports_and_puts_right_what_was_tampered_with(send, staff):
    send(street(1, [member(id_no=MAN, **SEEKING)]))
    send(street(2, [member("李二", key="b", birth_date="1980-01-01")]))
    how = {"area": "", "as_of": AS_OF, "progress": lambda done, of: None}
    assert rebuild(keep=False, **how).differences == []
    Person.objects.filter(name="李二").update(name="李三")
    Visit.objects.all().delete()
    differences = rebuild(keep=False, **how).differences
    assert {(item.table, item.column, item.kind, item.rows) for item in differences} == {
        ("ledgers_person", "name", "different", 1),
        ("ledgers_visit", "", "missing", 2),
    }
    assert Person.objects.filter(name="李三").exists()
    assert rebuild(keep=True, **{**how, "area": COMMUNITY}).differences == differences
    assert rebuild(keep=False, **how).differences == []
    assert Person.objects.get(name="李二").row_version == 2


def test_the_rebuild_command_reports_differences_by_its_exit_code(send, capsys):
    send(street(1, [member(id_no=MAN, phone="020-00000001")]))
    call_command("rebuild", "--dry-run")
    Household.objects.update(address="别处")
    with pytest.raises(SystemExit) as left:
        call_command("rebuild", "--area", COMMUNITY)
    assert left.value.code == 1
    call_command("rebuild")
    printed = capsys.readouterr()
    assert "ledgers_household.address" in printed.out
    assert MAN not in printed.out + printed.err
    assert "别处" not in printed.out + printed.err
