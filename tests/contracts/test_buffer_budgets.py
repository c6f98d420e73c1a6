"""What hot statements read, in pages of 8 KB, among some thousand entries: a lost index fails here without a clock.

Each table has more pages than a statement may read, so a statement that reads a whole table is
above its budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection, transaction

from server.ledgers import services
from server.ledgers.models import Person
from tests.factories.county import COUNTY, fill
from tests.factories.ledgers import Filled, credit_code, make_versions, member, store, street
from tests.factories.statements import Explained, explained

AS_OF = date(2026, 11, 23)
HERE = f"{COUNTY}020001"


@pytest.fixture(scope="module")
def county(django_db_setup, django_db_blocker) -> Iterator[None]:
    """2,400 households with 7,600 persons, and 5,000 submissions, for all tests of this module."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(households=2_400, submissions=5_000)
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
        assert pages[f"ledgers_{table}"] > 55, table
    assert Person.objects.count() == 7_600


def test_merging_a_survey_reads_no_table_as_a_whole(forms):
    roster = [member("陈一", id_no="449901198001010011"), member("陈二", key="二")]
    seen = merged(*forms, street(1, roster))
    assert len(seen) > 20
    check(seen, each=55, together=400)


def test_surveying_a_household_again_reads_no_table_as_a_whole(forms):
    staff, versions = forms
    merged(staff, versions, street(1, [member("陈一", id_no="449901198001010011")]))
    again = street(1, [member("陈一", id_no="449901198001010011"), member("陈二", key="二")])
    again.community = HERE
    submission = store(again, version=versions["survey"], submitter=staff, instance_id="uuid:again")
    with explained() as seen:
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    check(seen, each=55, together=500)


def test_merging_an_employer_reads_no_table_as_a_whole(forms):
    employer = Filled(
        form="employer",
        household={"name": "示范电子厂", "uscc": credit_code(1)},
        members=[{"title": "普工", "n_wanted": "3"}],
    )
    check(merged(*forms, employer), each=55, together=400)
