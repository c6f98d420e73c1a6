"""One identity, one row an office: what streets know of one person, and how older ledgers are parted (decision 0250)."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.db import connection

from server.ledgers import services
from server.ledgers.folding.derive import rules
from server.ledgers.identity import keys
from server.ledgers.intake import contribute
from server.ledgers.models import (
    ContributionRow,
    Employer,
    Household,
    IdentityKey,
    KeptKey,
    LedgerException,
    Person,
    Vacancy,
)
from server.ledgers.refolding import offices
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import OTHER_COMMUNITY
from tests.factories.ledgers import (
    Filled,
    credit_code,
    id_number,
    make_versions,
    member,
    store,
    uuid_of,
)
from tests.factories.two_areas import HERE, OTHER_STREET, THERE, dump

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
MAN = id_number("1970-05-01", 1)
FIRM = credit_code(7)


def survey(community: str, day: str, home: str, *members: dict[str, str]) -> Filled:
    return Filled(
        community=community,
        visited_at=f"2026-{day}T09:00:00+08:00",
        household_id=uuid_of(home),
        household={"address": home},
        members=list(members),
    )


def firm(community: str, day: str, staff: str) -> Filled:
    return Filled(
        form="employer",
        community=community,
        visited_at=f"2026-{day}T09:00:00+08:00",
        household={"name": "甲厂", "uscc": FIRM, "n_staff": staff},
        members=[{"title": "保安", "n_wanted": staff}],
    )


HISTORY = [
    survey(THERE, "03-01", "there", member(name="陈一", id_no=MAN, edu="70")),
    survey(HERE, "03-05", "here", member(name="陈一", id_no=MAN, edu="20")),
    survey(
        HERE, "02-01", "here too", member(key="b", name="李二", id_no=id_number("1980-05-01", 2))
    ),
    survey(
        THERE, "04-01", "there too", member(key="c", name="李二", id_no=id_number("1980-05-01", 2))
    ),
    firm(THERE, "03-02", "5"),
    firm(HERE, "03-09", "50"),
]


@pytest.fixture
def send(divisions, make_user):
    versions, numbers, staff = make_versions(), iter(range(100)), make_user("zhang")

    def send(filled: Filled, *, edits=None):
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=staff,
            instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
            submission=edits,
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF, judging=False)
        return submission

    return send


def rebuilt(*, keep: bool) -> list[str]:
    report = rebuild(area="", keep=keep, as_of=AS_OF, progress=lambda *_done: None)
    return [f"{item.table} {item.column}".strip() for item in report.differences]


@pytest.mark.parametrize("order", [1, -1])
def test_each_street_has_a_row_made_of_its_own_records(send, order):
    for filled in HISTORY[::order]:
        send(filled)
    for area, edu, staff in ((HERE, "20", 50), (THERE, "70", 5)):
        person = Person.objects.get(name="陈一", area_code=area)
        assert person.edu == edu
        assert {item.household.area_code for item in person.memberships.all()} == {area}
        employer = Employer.objects.get(area_code=area)
        assert (employer.n_staff, employer.vacancies.get().n_wanted) == (staff, staff)
    assert Vacancy.objects.count() == 2
    assert rebuilt(keep=False) == []


def test_between_communities_of_one_street_the_row_stays_one(send):
    send(survey(HERE, "03-01", "here", member(name="陈一", id_no=MAN)))
    moved = send(survey(OTHER_COMMUNITY, "03-05", "next door", member(name="陈一", id_no=MAN)))
    person = Person.objects.get()
    assert (person.area_code, person.household_id) == (
        OTHER_COMMUNITY,
        Household.objects.get(address="next door").pk,
    )
    raised = LedgerException.objects.get(kind="moved_within")
    assert (raised.area_code, raised.entry) == (OTHER_COMMUNITY, person.pk)
    moved.review_state = "rejected"
    moved.save()
    services.merge_submissions(submission_ids=[moved.pk], as_of=AS_OF)
    person.refresh_from_db()
    assert person.area_code == HERE
    assert not LedgerException.objects.filter(kind="moved_within").exists()
    assert rebuilt(keep=False) == []


def test_streets_share_the_identity_and_nothing_else(send):
    for filled in HISTORY:
        send(filled)
    of_offices = IdentityKey.objects.filter(family="person").exclude(identity="")
    assert of_offices.count() == 4
    assert len(set(of_offices.values_list("identity", flat=True))) == 2
    assert set(of_offices.values_list("office", flat=True)) == {HERE[:9], THERE[:9]}
    assert len(set(of_offices.values_list("entry", flat=True))) == 4


def test_a_county_keeps_the_ledger_of_its_streets_by_a_line_of_the_rule_table(send, monkeypatch):
    for filled in HISTORY:
        send(filled)
    line = rules.Rule("office_digits", "440106", date(2005, 1, 1), None, "6")
    table = rules.Rules([*_lines(), line])
    monkeypatch.setattr(offices, "rules", lambda: table)
    assert "ledgers_contribution keys" in rebuilt(keep=True)
    assert Person.objects.filter(name="陈一").count() == Employer.objects.count() == 1
    assert rebuilt(keep=False) == []


def _lines() -> list[rules.Rule]:
    return [rule for same_key in rules.rules()._by_key.values() for rule in same_key]


def with_sealed_values(statement: str) -> str:
    """The migration's statement for today's tables, where the database cannot look into values."""
    for column in ("id_no", "uscc"):
        holders = [row.pk for row in ContributionRow.objects.all() if column in row.values]
        numbers = ", ".join(map(str, holders))
        asked = f"contribution.\"values\" ? '{column}'"
        assert asked in statement
        statement = statement.replace(asked, f"contribution.id in ({numbers})")
    return statement


def test_a_rebuild_parts_what_was_joined_across_offices(send, monkeypatch):
    """As the release before left it: one row for all offices. The row's uuid stays where it was first."""
    with monkeypatch.context() as before:
        for room in (keys, contribute):
            before.setattr(room, "RECOGNISED", frozenset())
        for filled in HISTORY:
            send(filled)
        assert Person.objects.count() == 2
        assert Employer.objects.count() == Vacancy.objects.count() == 1
    joined = {
        "陈一": (Person.objects.get(name="陈一").pk, THERE),
        "李二": (Person.objects.get(name="李二").pk, HERE),
    }
    employer, vacancy = Employer.objects.get().pk, Vacancy.objects.get().pk
    keep = import_module("server.ledgers.migrations.0007_keep_older_keys")
    with connection.cursor() as cursor:
        cursor.execute(with_sealed_values(keep._KEEP))
    assert (
        KeptKey.objects.filter(area_code=THERE).count() == 4
    )  # a number, a uuid, the firm, its job

    assert rebuilt(keep=True) != []
    assert Person.objects.count() == 4
    for name, (entry, area) in joined.items():
        assert Person.objects.get(name=name, pk=entry).area_code == area
    assert Employer.objects.get(area_code=THERE).pk == employer
    assert Vacancy.objects.get(area_code=THERE).pk == vacancy
    assert rebuilt(keep=False) == []
    theirs = dump(OTHER_STREET)
    send(survey(HERE, "05-01", "here", member(name="PWNED", id_no=MAN, edu="10")))
    send(firm(HERE, "05-01", "500"))
    assert dump(OTHER_STREET) == theirs
    send(survey(THERE, "05-02", "there", member(name="陈一", id_no=MAN, edu="61")))
    assert Person.objects.get(pk=joined["陈一"][0]).last_confirmed_on == date(2026, 5, 2)
