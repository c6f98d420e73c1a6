"""What a request costs in queries, however many rows it answers with."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from server.forms.models import FormVersion
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import (
    entry,
    make_place,
    make_quarantined,
    make_stranger_key,
    make_street,
    make_submission,
)

BUDGETS = {
    "forms": 7,
    "submissions": 6,
    "quarantine": 6,
    "households": 6,
    "persons": 6,
    "spells": 6,
    "employers": 6,
    "vacancies": 6,
    "cases": 6,
    "visits": 6,
    "exceptions": 6,
    "links": 6,
    "divisions": 6,
    "field-accounts": 6,
}
"""Session, user, grants, count and rows; forms fetch their audience besides."""


@pytest.fixture
def crowded(divisions, make_user) -> Any:
    """The street with a dozen more of everything."""
    from server.accounts.services import issue_token
    from server.ledgers.models import Spell
    from tests.factories.console import AT

    street = make_street(make_user)
    for n in range(3, 9):
        make_quarantined(street.worker, COMMUNITY, b"<%d" % n)
        make_place(street.worker, street.form, COMMUNITY, str(n), 113.35)
        issue_token(user=street.worker, label=str(n), actor=None)
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:more-{n}")
        Spell.objects.create(
            **entry(COMMUNITY, person=street.person, spell_kind="1", start_on=AT.date())
        )
    return street


@pytest.fixture
def client(make_user, crowded) -> Client:
    client = Client()
    client.force_login(make_user("li", role="street", area=STREET))
    return client


@pytest.mark.parametrize("name", BUDGETS)
def test_a_list_costs_the_same_for_any_number_of_rows(client, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(BUDGETS[name]):
        page = client.get(f"/api/v1/{name}/").json()
    assert len(page["results"]) > 1 or name == "forms"
    with django_assert_max_num_queries(BUDGETS[name] - 1):  # a cursor does not count
        client.get(f"/api/v1/{name}/?cursor=")


def test_keys_are_listed_with_versions_and_counts_in_two_more(
    crowded, make_user, django_assert_max_num_queries
):
    for number in range(3):
        key = make_stranger_key(number)
        FormVersion.objects.create(
            form=crowded.form, version=f"k{number}", title="", xform=b"", md5="0" * 32,
            workbook_sha256=bytes(32), mapping={}, questions={}, encryption_key=key,
        )  # fmt: skip
    client = Client()
    client.force_login(make_user("zhou", role="administrator", area=""))
    with django_assert_max_num_queries(7):
        page = client.get("/api/v1/encryption-keys/").json()
    assert [len(row["form_versions"]) for row in page["results"]] == [1, 1, 1]
    with django_assert_max_num_queries(7):
        assert client.get("/encryption").status_code == 200


@pytest.mark.parametrize("name", ["households", "employers", "visits", "submissions", "divisions"])
def test_geojson_costs_no_more(client, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(BUDGETS[name]):
        client.get(f"/api/v1/{name}/?format=geojson")


def test_details_and_origins(client, crowded, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        client.get(f"/api/v1/households/{crowded.household.pk}/")
    with django_assert_max_num_queries(10):  # one for export permits
        client.get(f"/api/v1/submissions/{crowded.submission.instance_id}/")
    with django_assert_max_num_queries(7):
        client.get(f"/api/v1/persons/{crowded.person.pk}/origins/")
