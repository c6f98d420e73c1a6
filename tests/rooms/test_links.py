"""Links between the rows of two offices: proposals, what desks state, moves and their undoing (decision 0251)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from server.accounts.access import access_of
from server.ledgers import selectors, services
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.desk import links as desk
from server.ledgers.folding.derive.rules import Rule, Rules
from server.ledgers.models import DeskAct, EntryLink, Household, Membership, Person
from server.ledgers.problems import (
    ActReasonMissing,
    LinkActOutOfPlace,
    NotYours,
    OtherOffice,
    SamePerson,
)
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import STREET
from tests.factories.ledgers import id_number, make_versions, member, store, uuid_of
from tests.factories.two_areas import HERE, OTHER_STREET, THERE, dump
from tests.rooms.test_offices import firm, survey

pytestmark = pytest.mark.django_db
MAN = id_number("1970-05-01", 1)
DAY = date(2026, 4, 1)
AT = datetime(2026, 4, 1, 2, tzinfo=UTC)
MOVE, AGREE, REFUSE = ActKind.MOVE, ActKind.AGREE, ActKind.REFUSE
TWO, DIFFERENT = ActKind.TWO_PLACES, ActKind.DIFFERENT


class Desks:
    """The staff of both streets and of the county, and records that are merged."""

    def __init__(self, make_user) -> None:
        self.users = {
            HERE: make_user("here", area=STREET),
            THERE: make_user("there", area=OTHER_STREET),
            "county": make_user("county", role="county", area=STREET[:6]),
            "chief": make_user("chief", role="administrator", area=""),
        }
        self.versions, self.numbers = make_versions(), iter(range(1000))

    def send(self, filled, *, as_of=DAY):
        submission = store(
            filled,
            version=self.versions[filled.form],
            submitter=self.users[filled.community],
            instance_id=f"uuid:{uuid_of(str(next(self.numbers)))}",
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=as_of, judging=False)
        return submission

    def access(self, who):
        return access_of(self.users[who])

    def side(self, area, **which) -> EntryLink:
        return EntryLink.objects.get(area_code=area[:9], **which)

    def states(self, area, kind, *, who=None, days=0, **which):
        return services.state_of_link(
            link=self.side(area, **which),
            kind=kind,
            reason="核对户口簿",
            access=self.access(who or area),
            at=AT + timedelta(days=days),
        )

    def person(self, area) -> Person:
        return Person.objects.get(area_code=area)


@pytest.fixture
def desks(divisions, make_user) -> Desks:
    """A person whom both streets have surveyed: there with the parents, here with a flat."""
    desks = Desks(make_user)
    parent = member(name="陈父", id_no=id_number("1945-05-01", 3))
    desks.send(survey(THERE, "03-01", "there", parent, member(name="陈一", id_no=MAN, edu="70")))
    desks.send(survey(HERE, "03-05", "here", member(name="陈一", id_no=MAN, edu="20")))
    return desks


def is_rebuilt_alike(as_of=DAY) -> bool:
    for area in ("", HERE[:9], THERE[:9]):
        report = rebuild(area=area, keep=False, as_of=as_of, progress=lambda *_done: None)
        if report.differences:
            return False
    return True


def test_both_desks_see_that_the_other_knows_the_number_and_no_value(desks):
    here, there = desks.side(HERE), desks.side(THERE)
    assert (here.link, here.state, here.kind) == (there.link, "proposed", "id_no")
    assert (here.other_office, there.other_office) == (OTHER_STREET, STREET)
    assert here.entry == desks.person(HERE).pk
    assert there.entry == Person.objects.get(area_code=THERE, name="陈一").pk
    assert list(selectors.links(desks.access(HERE))) == [here]
    assert list(selectors.links_on("person", there.entry)) == [there]
    assert is_rebuilt_alike()


def test_a_link_goes_with_the_record_that_it_rests_on(desks):
    again = desks.send(
        survey(HERE, "03-09", "here too", member(name="王三", id_no=id_number("1980-05-01", 5)))
    )
    desks.send(
        survey(THERE, "03-09", "there too", member(name="王三", id_no=id_number("1980-05-01", 5)))
    )
    assert EntryLink.objects.count() == 4
    again.review_state = "rejected"
    again.save()
    services.merge_submissions(submission_ids=[again.pk], as_of=DAY)
    assert EntryLink.objects.count() == 2
    assert is_rebuilt_alike()


def test_employers_and_whom_three_streets_know_are_linked_pair_by_pair(desks):
    desks.send(firm(HERE, "03-01", "5"))
    desks.send(firm(THERE, "03-02", "50"))
    assert desks.side(HERE, family="employer").kind == "uscc"
    third = survey("440106007001", "03-09", "third", member(name="陈一", id_no=MAN))
    desks.users["440106007001"] = desks.users["chief"]
    desks.send(third)
    of_person = EntryLink.objects.filter(family="person")
    assert of_person.count() == 6
    assert of_person.values("link").distinct().count() == 3


def test_a_phones_record_alone_moves_nobody(desks):
    before = dump(OTHER_STREET)
    for day in ("03-20", "05-01", "09-01"):
        desks.send(
            survey(HERE, day, "here", member(name="陈一", id_no=MAN)), as_of=date(2026, 10, 1)
        )
        services.settle_due_links(as_of=date(2026, 10, 1))
    assert dump(OTHER_STREET) == before
    assert desks.side(THERE).state == "proposed"


def test_an_agreed_move_ends_what_the_giving_office_has_and_keeps_its_history(desks):
    before = dump(STREET)
    desks.states(HERE, MOVE)
    assert (desks.side(THERE).asked, desks.side(THERE).awaits_us) == ("move", True)
    assert not desks.side(HERE).awaits_us
    assert Person.objects.get(name="陈一", area_code=THERE).person_status == "1"
    desks.states(THERE, AGREE)
    left = Person.objects.get(name="陈一", area_code=THERE)
    assert (left.person_status, left.household_id, left.edu) == ("2", None, "70")
    assert {item.to_on for item in left.memberships.all()} == {DAY}
    assert desks.side(HERE).moved_to == STREET
    assert dump(STREET) == before  # the receiving row was right already
    assert is_rebuilt_alike()


@pytest.mark.parametrize("days", [6, 7, 8])
def test_silence_agrees_on_the_seventh_day_whether_the_timer_ran_or_not(desks, days):
    desks.states(HERE, MOVE)
    as_of = DAY + timedelta(days=days)
    moved = days >= 7
    assert services.settle_due_links(as_of=as_of) == moved
    left = Person.objects.get(name="陈一", area_code=THERE)
    assert left.person_status == ("2" if moved else "1")
    if moved:
        assert {item.to_on for item in left.memberships.all()} == {DAY + timedelta(days=7)}
    assert services.settle_due_links(as_of=as_of) == 0
    assert is_rebuilt_alike(as_of)


def test_a_rebuild_alone_completes_what_is_due(desks):
    desks.states(HERE, MOVE)
    as_of = DAY + timedelta(days=7)
    report = rebuild(area="", keep=True, as_of=as_of, progress=lambda *_done: None)
    assert report.differences == []
    assert Person.objects.get(name="陈一", area_code=THERE).person_status == "2"


@pytest.mark.parametrize("undone_by", ["giving", "receiving", "late refusal"])
def test_a_move_is_undone_at_any_time_and_the_row_is_what_it_was(desks, undone_by):
    before = rows_there()
    confirmed = desks.states(HERE, MOVE)
    agreed = desks.states(THERE, AGREE, days=1)
    later = AT + timedelta(days=200)
    if undone_by == "late refusal":
        desks.states(THERE, REFUSE, days=200)
    else:
        act, area = (agreed, THERE) if undone_by == "giving" else (confirmed, HERE)
        services.undo(act=act, access=desks.access(area), at=later)
    services.settle_due_links(as_of=DAY + timedelta(days=400))
    assert rows_there() == before
    assert desks.side(HERE).state == "proposed"
    assert DeskAct.objects.count() >= 2
    assert is_rebuilt_alike(DAY + timedelta(days=200))


def rows_there() -> list[str]:
    """The ledger rows of the other street, without the counter of their changes."""
    return [
        str({name: value for name, value in row.items() if name != "row_version"})
        for model in (Person, Household, Membership)
        for row in model.objects.order_by("pk").values()
    ]


def test_two_places_need_both_desks_and_change_no_row(desks):
    before = dump("")
    desks.states(HERE, TWO)
    assert desks.side(HERE).state == "proposed"
    desks.states(THERE, TWO)
    assert {link.state for link in EntryLink.objects.all()} == {"two_places"}
    assert dump("") == before
    assert is_rebuilt_alike()


def test_once_both_agree_each_side_reads_what_the_other_alone_can_state(desks):
    """Lives here in a flat, registered there: hukou is theirs to state, residence ours."""
    hukou = member(
        name="王三",
        id_no=id_number("1980-05-01", 5),
        residence_kind="3",
        hukou_type="10",
        phone="020-00000009",
        emp_status="10",
    )
    parents = survey(THERE, "03-02", "parents", hukou)
    parents.household["dibao_status"] = "1"
    desks.send(parents)
    flat = survey(
        HERE,
        "03-08",
        "flat",
        member(
            name="王三",
            id_no=id_number("1980-05-01", 5),
            residence_kind="2",
            emp_status="21",
            phone="020-00000008",
        ),
    )
    desks.send(flat)
    link = EntryLink.objects.get(
        area_code=STREET, entry=Person.objects.get(area_code=HERE, name="王三").pk
    ).link
    for settled in ([], [HERE]):
        for area in settled:
            desks.states(area, TWO, link=link)
        assert all(selectors.declared_facts(side) == [] for side in EntryLink.objects.all())
    desks.states(THERE, AGREE, link=link)
    assert facts(desks.side(HERE, link=link)) == {
        "hukou_type": "10", "hukou_area": THERE, "address": "parents", "dibao_status": "1",
    }  # fmt: skip
    there = facts(desks.side(THERE, link=link))
    assert {"phone", "emp_status"} <= set(there)
    assert not any("hukou" in name or name == "address" for name in there)
    assert there["emp_status"] == "21"
    assert "00000008" not in there["phone"]
    desks.states(HERE, DIFFERENT, link=link)
    assert facts(desks.side(HERE, link=link)) == {}


def facts(side: EntryLink) -> dict[str, str]:
    return {fact.column.name: fact.value for fact in selectors.declared_facts(side)}


def test_different_persons_with_one_number_are_counted_apart(desks):
    chief = desks.access("chief")
    persons = selectors.persons(chief)
    assert (persons.count(), selectors.counted_once(persons, chief).count()) == (3, 2)
    act = desks.states(THERE, DIFFERENT)
    assert selectors.counted_once(persons, chief).count() == 3
    services.undo(act=act, access=desks.access(THERE), at=AT)
    assert selectors.counted_once(persons, chief).count() == 2
    for area, n in ((HERE, 1), (THERE, 2)):
        access = desks.access(area)
        assert selectors.counted_once(selectors.persons(access), access).count() == n


def test_of_a_move_the_receiving_row_counts(desks):
    desks.states(HERE, MOVE)
    desks.states(THERE, AGREE)
    chief = desks.access("chief")
    counted = selectors.counted_once(selectors.persons(chief), chief)
    assert counted.get(name="陈一").area_code == HERE


def test_above_the_days_number_the_county_decides(desks, monkeypatch):
    table = Rules(
        [
            Rule("moves_a_day", "", date(2005, 1, 1), None, "1"),
            Rule("move_silence_days", "", date(2005, 1, 1), None, "7"),
        ]
    )
    monkeypatch.setattr(desk, "standing_rules", lambda: table)
    second = id_number("1980-05-01", 5)
    for area, home in ((HERE, "here too"), (THERE, "there too")):
        desks.send(survey(area, "03-09", home, member(name="王三", id_no=second)))
    first = (
        str(desks.person(HERE).pk)
        if Person.objects.filter(area_code=HERE).count() == 1
        else str(Person.objects.get(area_code=HERE, name="陈一").pk)
    )
    link = EntryLink.objects.get(area_code=STREET, entry=first).link
    desks.states(HERE, MOVE, link=link)
    other = EntryLink.objects.exclude(link=link).values_list("link", flat=True)[0]
    desks.states(HERE, MOVE, link=other)
    assert not desks.side(HERE, link=link).needs_county
    assert desks.side(THERE, link=other).needs_county
    services.settle_due_links(as_of=DAY + timedelta(days=100))
    assert desks.side(THERE, link=link).state == "moved"
    assert desks.side(THERE, link=other).state == "proposed"
    with pytest.raises(NotYours):
        desks.states(THERE, AGREE, link=other)
    desks.states(THERE, AGREE, who="county", link=other)
    assert desks.side(THERE, link=other).state == "moved"


def test_the_number_of_moves_begins_again_with_the_day(desks, monkeypatch):
    table = Rules([Rule("moves_a_day", "", date(2005, 1, 1), None, "1")])
    monkeypatch.setattr(desk, "standing_rules", lambda: table)
    services.undo(act=desks.states(HERE, MOVE), access=desks.access(HERE), at=AT)
    assert not desks.states(HERE, MOVE).value.get("needs_county")  # what was undone is not counted
    desks.states(THERE, REFUSE)
    late = AT.replace(hour=15, minute=59)  # 23:59 at the office
    link = desks.side(HERE)
    for at, above in ((late, True), (late + timedelta(minutes=1), False)):
        act = services.state_of_link(
            link=link, kind=MOVE, reason="x", access=desks.access(HERE), at=at
        )
        assert bool(act.value.get("needs_county")) is above
        services.undo(act=act, access=desks.access(HERE), at=at)


@pytest.mark.parametrize(
    ("before", "area", "kind", "who", "problem"),
    [
        ([], HERE, MOVE, THERE, NotYours),
        ([], HERE, TWO, "county", NotYours),
        ([], HERE, AGREE, HERE, LinkActOutOfPlace),
        ([], HERE, REFUSE, HERE, LinkActOutOfPlace),
        ([(HERE, MOVE)], HERE, AGREE, HERE, LinkActOutOfPlace),
        ([(HERE, MOVE)], HERE, MOVE, HERE, LinkActOutOfPlace),
        ([(HERE, MOVE)], THERE, AGREE, HERE, NotYours),
        ([(HERE, TWO)], HERE, TWO, HERE, LinkActOutOfPlace),
        ([(HERE, DIFFERENT)], THERE, DIFFERENT, THERE, LinkActOutOfPlace),
    ],
)
def test_what_a_desk_may_not_state(desks, before, area, kind, who, problem):
    for office, stated in before:
        desks.states(office, stated)
    rows = dump("")
    with pytest.raises(problem):
        desks.states(area, kind, who=who)
    assert dump("") == rows


def test_two_desks_are_two_people(desks):
    desks.states(HERE, MOVE, who="chief")
    with pytest.raises(SamePerson):
        desks.states(THERE, AGREE, who="chief")
    desks.states(THERE, AGREE)
    assert desks.side(HERE).state == "moved"


def test_a_reason_is_needed_and_two_offices_rows_are_not_joined(desks):
    with pytest.raises(ActReasonMissing):
        services.state_of_link(
            link=desks.side(HERE), kind=MOVE, reason=" ", access=desks.access(HERE), at=AT
        )
    here, there = desks.side(HERE).entry, desks.side(THERE).entry
    with pytest.raises(OtherOffice):
        services.mark_same(
            family="person",
            entry=here,
            other=there,
            reason="x",
            access=desks.access("chief"),
            at=AT,
        )


def test_a_desk_reads_what_it_stated_itself(desks):
    desks.states(HERE, MOVE)
    desks.states(THERE, REFUSE)
    for area, kind in ((HERE, MOVE), (THERE, REFUSE)):
        (act,) = selectors.acts_on_link(desks.access(area), desks.side(area))
        assert act.kind == kind
        assert [item.kind for item in selectors.desk_acts(desks.access(area))] == [kind]
