"""What hot statements read, in pages of 8 KB, among some thousand entries: a lost index fails here without a clock.

Each table has more pages than a statement may read, so a statement that reads a whole table is
above its budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction

from server.accounts.access import Access
from server.core import row_security
from server.core.filters import ListFilters
from server.core.keyset import Key, Place, ordered, slice_of
from server.core.paging import CappedPaginator
from server.ledgers import selectors, services
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.filters import CaseFilters, HouseholdFilters, PersonFilters, VisitFilters
from server.ledgers.models import Household, Person, Vacancy
from server.ledgers.storage.duplicates import likenesses
from server.ops.row_policies import WEB
from server.submissions.filters import SubmissionFilters
from server.submissions.selectors import records, submissions
from tests.factories.county import COUNTY, fill
from tests.factories.ledgers import Filled, credit_code, make_versions, member, store, street
from tests.factories.statements import Explained, explained

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
HERE = f"{COUNTY}020001"


@pytest.fixture(scope="module")
def county(django_db_setup, django_db_blocker) -> Iterator[None]:
    """3,200 households with 10,133 persons, and 5,000 submissions, for all tests of this module."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(households=3_200, submissions=5_000)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def forms(county, make_user):
    return make_user("zhang", area=HERE[:9]), make_versions()


def merged(staff, versions, *filled: Filled) -> list[Explained]:
    """The statements of merging these forms as new submissions."""
    for form in filled:
        form.community = HERE
    submissions = [
        store(form, version=versions[form.form], submitter=staff, instance_id=f"uuid:{number}")
        for number, form in enumerate(filled)
    ]
    with explained() as seen:
        services.merge_submissions(submission_ids=[row.pk for row in submissions], as_of=AS_OF)
    return seen


EACH = 78
"""The most pages that a statement of merging may read; writing three persons into all indexes takes 70 to 76, by where their uuids fall."""


def check(seen: list[Explained], each: int, together: int) -> None:
    """No statement read more than `each`, nor all of them more than `together`."""
    greedy = [statement for statement in seen if statement.buffers > each]
    assert not greedy, "\n\n".join(map(str, greedy))
    assert sum(statement.buffers for statement in seen) <= together


def test_the_tables_are_large_enough_to_tell(county):
    with connection.cursor() as cursor:
        cursor.execute("select relname, relpages from pg_class where relname like 'ledgers_%%'")
        pages = dict(cursor.fetchall())
    for table in ("identitykey", "person", "household", "visit", "spell"):
        assert pages[f"ledgers_{table}"] > EACH, table
    assert Person.objects.count() == 10_133


MARKED_AND_COMPARED = 24 + 20
"""Pages of the marks of a survey's four changed entries for reports, and of the search for another household at its door."""
SUGGESTED = 10
"""Pages of the search for what was suggested to its members, by their keys."""


def test_merging_a_survey_reads_no_table_as_a_whole(forms):
    roster = [member("陈一", id_no="449901198001010011"), member("陈二", key="二")]
    seen = merged(*forms, street(1, roster))
    assert len(seen) > 20
    check(seen, each=EACH, together=450 + MARKED_AND_COMPARED + SUGGESTED)


def test_surveying_a_household_again_reads_no_table_as_a_whole(forms):
    staff, versions = forms
    merged(staff, versions, street(1, [member("陈一", id_no="449901198001010011")]))
    again = street(1, [member("陈一", id_no="449901198001010011"), member("陈二", key="二")])
    again.community = HERE
    submission = store(again, version=versions["survey"], submitter=staff, instance_id="uuid:again")
    with explained() as seen:
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    check(seen, each=EACH, together=500 + MARKED_AND_COMPARED + SUGGESTED)


def test_merging_an_employer_reads_no_table_as_a_whole(forms):
    employer = Filled(
        form="employer",
        household={"name": "示范电子厂", "uscc": credit_code(1)},
        members=[{"title": "普工", "n_wanted": "3"}],
    )
    check(merged(*forms, employer), each=EACH, together=400)


COUNTY_STAFF = Access(1, (("county", COUNTY),))
WORKER = Access(2, (("worker", HERE),))


def listed(
    filters: type[ListFilters], rows: Any, access: Access, **given: str
) -> tuple[int, list[Explained]]:
    """How many rows a filtered list has, and the statements that give its first page and its number of rows."""
    passing = filters(given, rows(access), access=access).qs
    with explained() as seen:
        page, number = list(passing[:50]), passing.order_by()[:10_000].count()
    assert len(page) == min(50, number)
    return number, seen


def number_of_a_household() -> str:
    home = Household.objects.filter(area_code__startswith=COUNTY).order_by("id")[77]
    return str(home.hh_no)


OF_INDEXES = 130
"""Pages of the indexes of words; 14 households by pinyin take 395 to 402 in all, by where their uuids fall."""


@pytest.mark.parametrize("text", ["陈伟", "chenwei", "cwj"])
def test_a_request_searches_by_the_index_behind_its_policies(county, text, settings):
    settings.RUHU_WEB_ROLE = WEB
    with row_security.entered():
        COUNTY_STAFF.reads()
        Person.objects.exists()  # the settings of the transaction travel with its first statement
        number, seen = listed(PersonFilters, by_name, COUNTY_STAFF, search=text)
        homes, of_homes = listed(HouseholdFilters, by_number, COUNTY_STAFF, search=text)
    assert number
    check(seen, each=60 + 12 * number, together=120 + 20 * number)
    check(of_homes, each=OF_INDEXES + 20 * homes, together=240 + 35 * homes)


@pytest.mark.parametrize("access", [COUNTY_STAFF, WORKER], ids=["county", "worker"])
@pytest.mark.parametrize("text", ["陈伟", "龘龘", "chenwei", "cwj", "伟娟"])
def test_searching_persons_reads_what_holds_the_word(county, text, access):
    number, seen = listed(PersonFilters, by_name, access, search=text)
    check(seen, each=60 + 12 * number, together=120 + 20 * number)


@pytest.mark.parametrize("text", ["陈伟", "荔湾路", "龘龘", "chenwei"])
def test_searching_households_reads_what_holds_the_word(county, text):
    number, seen = listed(HouseholdFilters, by_number, COUNTY_STAFF, search=text)
    check(seen, each=OF_INDEXES + 20 * number, together=240 + 35 * number)


def test_a_household_number_leads_to_the_household(county):
    text = number_of_a_household()
    for part in (text, text[-6:].lower()):
        number, seen = listed(HouseholdFilters, by_number, COUNTY_STAFF, search=part)
        assert number == 1
        check(seen, each=260, together=520)


def test_searching_cases_reads_what_holds_the_word(county):
    number, seen = listed(CaseFilters, selectors.cases, COUNTY_STAFF, search="陈伟")
    check(seen, each=200 + 12 * number, together=400 + 20 * number)


def test_searching_visits_reads_what_holds_the_word(county):
    number, seen = listed(VisitFilters, selectors.visits, COUNTY_STAFF, search="荔湾路")
    check(seen, each=200 + 20 * number, together=400 + 35 * number)


def paged(
    filters: type[ListFilters],
    rows: Any,
    page: int = 1,
    access: Access = COUNTY_STAFF,
    **given: str,
) -> list[Explained]:
    """The statements that give a page of a filtered list, and its number of rows."""
    with explained() as seen:
        shown = CappedPaginator(filters(given, rows(access), access=access).qs, 50).page(page)
        assert list(shown) or access == WORKER
    return seen


@pytest.mark.parametrize("page", [1, 2, 60, 150])
def test_only_the_rows_of_a_page_are_joined_to_others(county, page):
    """Each row before the page is one entry of an index, and its row in a table that was not vacuumed yet."""
    before = 50 * (page - 1)
    check(paged(PersonFilters, by_name, page), each=900 + before, together=1_200 + before)
    if before < Household.objects.count():
        check(
            paged(HouseholdFilters, by_number, page), each=1_200 + before, together=1_300 + before
        )


@pytest.mark.parametrize(
    "given", [{"is_key": "true"}, {"is_4050": "true"}, {"emp_status": "21"}], ids=str
)
@pytest.mark.parametrize("access", [COUNTY_STAFF, WORKER], ids=["county", "worker"])
def test_a_group_of_persons_is_not_looked_for_among_all(county, access, given):
    check(paged(PersonFilters, by_name, access=access, **given), each=800, together=850)


def test_seekers_are_taken_from_their_index_and_vacancies_from_their_street(county):
    """A tenth of those without work seek work in the street of the vacancy; reading all of the county's takes more."""
    Person.objects.filter(emp_status="21").update(person_status="1", wish_job=["4"])
    vacancy = Vacancy.objects.filter(area_code__startswith=COUNTY).order_by("pk")[0]
    Vacancy.objects.filter(pk=vacancy.pk).update(
        occupation="4", state="3", expires_on=AS_OF, n_wanted=9, n_filled=0
    )
    vacancy = selectors.vacancies(COUNTY_STAFF).get(pk=vacancy.pk)
    with explained() as seen:
        matches = selectors.seekers_for(COUNTY_STAFF, vacancy, AS_OF)
    assert matches.rows
    check(seen, each=60 + 15 * len(matches.rows), together=160 + 40 * len(matches.rows))
    person = selectors.persons(COUNTY_STAFF).get(pk=matches.rows[0].entry.pk)
    with explained() as seen:
        assert selectors.vacancies_for(COUNTY_STAFF, person, AS_OF).rows
    check(seen, each=300, together=500)


def test_open_cases_come_first_without_sorting_all(county):
    by_visit = lambda access: selectors.cases(access).order_by("-closed_on", "next_due", "id")  # noqa: E731
    check(paged(CaseFilters, by_visit), each=650, together=700)


def test_a_list_is_entered_at_any_row_and_at_its_end_by_the_index(county):
    """The console's pages: a page reads its own rows and their place in the index, not those before."""
    for rows, keys in (
        (selectors.persons(COUNTY_STAFF), [Key("area_code"), Key("name")]),
        (selectors.households(COUNTY_STAFF), [Key("area_code"), Key("hh_no")]),
        (selectors.cases(COUNTY_STAFF), [Key("closed_on", falls=True), Key("next_due")]),
    ):
        ordered_rows = ordered(rows, keys).values_list("pk", flat=True)
        middle = ordered_rows[rows.count() // 2]
        for place in (Place(), Place(after=middle), Place(before=middle), Place(is_last=True)):
            with explained() as seen:
                assert len(slice_of(rows, keys, place, 50).rows) == 50
            check(seen, each=700, together=720)


@pytest.mark.parametrize(
    "given",
    [
        {"flag": "outside_area"},
        {"state": "rejected"},
        {"form": "county_9"},
        {"received_from": "2026-06-01", "received_to": "2026-06-02"},
    ],
    ids=str,
)
def test_rare_submissions_are_not_looked_for_among_all(county, given):
    check(paged(SubmissionFilters, submissions, **given), each=130, together=200)


def test_a_community_reads_its_newest_submissions_alone(county):
    page, number = paged(SubmissionFilters, submissions, access=WORKER)[::-1]
    check([page], each=130, together=130)
    check([number], each=60, together=60)


def test_a_rare_form_is_read_through_without_the_others(county):
    with explained() as seen:
        assert list(records(COUNTY_STAFF, "county_9").order_by("-pk")[:100])
    check(seen, each=60, together=60)


def by_name(access: Access) -> Any:
    return selectors.persons(access).order_by("area_code", "name", "id")


def by_number(access: Access) -> Any:
    rows = selectors.households(access).select_related("head_person")
    return rows.order_by("area_code", "hh_no", "id")


def test_a_batch_of_households_is_compared_with_those_that_an_index_gives(county):
    """Joining a batch with all households of its street takes seconds, and reads no page more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledgers_membership (id, household_id, person_id, role, from_on, contribution)"
            " select gen_random_uuid(), household_id, id, 'resident', '2026-01-01', 0"
            "   from ledgers_person where household_id is not null"
        )
        cursor.execute("analyze ledgers_membership")
    here = Household.objects.filter(area_code__startswith=HERE[:9]).order_by("pk")
    batch = [str(key) for key in here.values_list("pk", flat=True)[:150]]
    with explained() as seen:
        likenesses(Family.HOUSEHOLD, batch)
    (statement,) = seen
    assert statement.handled <= 20 * len(batch), str(statement)
