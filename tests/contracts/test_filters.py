"""Lists have one declaration of their filters, and both doors answer a value of them alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from server.accounts.filters import AuditFilters, WorkerFilters
from server.accounts.models import RoleGrant, User
from server.api.urls import VIEWS
from server.audit.models import Act
from server.audit.services import record
from server.console.urls import urlpatterns
from tests.conftest import COMMUNITY
from tests.doors.api.conftest import assert_problem
from tests.factories.console import (
    entry,
    make_deleted,
    make_erasure,
    make_quarantined,
    make_renamed,
    make_stranger_key,
    make_street,
)
from tests.factories.declared import make_declared
from tests.factories.filters import bad_value, good_value
from tests.factories.imports import make_import
from tests.factories.permits import make_waiting

SAME_ROWS = {
    "submissions": "submissions",
    "review": "submissions",
    "deleted": "deletions",
    "erasures": "erasures",
    "quarantine": "quarantine",
    "households": "households",
    "persons": "persons",
    "employers": "employers",
    "vacancies": "vacancies",
    "cases": "cases",
    "exceptions": "exceptions",
    "links": "links",
    "forms": "forms",
    "imports": "imports",
    "audit": "audit",
    "people": "users",
    "due-visits": "visits/due",
}
"""Page of the console → the list of REST that has the same rows."""
WITHOUT_REST = {
    "field-accounts": WorkerFilters,
    "codes": WorkerFilters,
    "disclosures": AuditFilters,
}
"""Lists that only the console has: of workers, where REST lists their phones, and of the disclosures among the acts."""
UNFILTERED = {"permits"}
"""Pages of the console with a list in pages that nothing narrows."""
COMPUTED = {"reports", "reports/filings", "bulletins", "phone-settings", "rules"}
"""Of REST: what is worked out for a division and period or day, which their own parameters name; and bulletins and settings, one a division."""
LISTS = {name: view for name, view in VIEWS.items() if name not in COMPUTED}

PAGES = {**{page: VIEWS[name].filterset_class for page, name in SAME_ROWS.items()}, **WITHOUT_REST}


@pytest.fixture
def client(divisions, make_user) -> Client:
    """An administrator at a server that has at least one row in each list."""
    from server.accounts.services import issue_token
    from server.ledgers.models import Spell
    from tests.factories.console import AT

    street = make_street(make_user)
    make_quarantined(street.worker, COMMUNITY)
    make_deleted(street.form, street.worker, COMMUNITY)
    make_erasure(street.submission, street.worker)
    make_stranger_key()
    issue_token(user=street.worker, actor=None)
    Spell.objects.create(**entry(COMMUNITY, person=street.person, start_on=AT.date()))
    make_waiting(make_user("colleague"))
    make_import(street.worker, COMMUNITY)
    make_renamed(street.worker, COMMUNITY)
    make_declared(COMMUNITY, person=street.person, employer=street.employer)
    record(Act.REVEAL, actor=street.worker, object_type="person", area=COMMUNITY)
    RoleGrant.objects.create(
        user=make_user("admin", role="administrator", area=""), role="restricted", area=""
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(username="admin"))
    return client


def rows_of(response: Any) -> list[Any]:
    """The rows that a page of the console shows."""
    for name in ("page", "forms", "workers"):
        if name in response.context:
            return list(response.context[name])
    raise AssertionError(sorted(response.context.flatten()))


def test_every_list_takes_its_filters_from_the_room_that_owns_it(client):
    for name in COMPUTED:
        assert (VIEWS[name].filter_backends, VIEWS[name].pagination_class) == ((), None), name
        assert not hasattr(VIEWS[name], "filterset_class"), name
    for name, view in LISTS.items():
        module = view.filterset_class.__module__
        assert module.startswith("server."), name
        assert module.endswith(".filters"), name
        assert not module.startswith("server.api"), name
    lists = {}
    for pattern in urlpatterns:
        try:
            response = client.get(reverse(f"console:{pattern.name}"))
        except NoReverseMatch:
            continue  # a page of one thing
        context = response.context or {}
        if "filter" in context:
            lists[pattern.name] = type(context["filter"])
        else:
            assert "page" not in context or pattern.name in UNFILTERED, pattern.name
    assert lists == PAGES


@pytest.mark.parametrize("name", LISTS)
def test_rest_takes_good_values_and_refuses_bad_ones_by_name(client, name):
    address, filters = f"/api/v1/{name}/", VIEWS[name].filterset_class.base_filters
    assert client.get(address).json()["results"]
    assert (
        client.get(address, {each: good_value(filters[each]) for each in filters}).status_code
        == 200
    )
    for parameter, filter_ in filters.items():
        refused = client.get(address, {parameter: bad_value(filter_)})
        errors = assert_problem(refused, "invalid-query", 400)["errors"]
        assert [error["pointer"] for error in errors] == [f"#/{parameter}"]
        assert errors[0]["detail"]


@pytest.mark.parametrize("page", PAGES)
def test_the_console_takes_good_values_and_shows_bad_ones_at_their_field(client, page):
    address, filters = reverse(f"console:{page}"), PAGES[page].base_filters
    assert rows_of(client.get(address))
    good = client.get(address, {each: good_value(filters[each]) for each in filters})
    assert (good.status_code, good.context["filter"].errors) == (200, {})
    for parameter, filter_ in filters.items():
        bad = client.get(address, {parameter: bad_value(filter_)})
        assert bad.status_code == 400, parameter
        assert rows_of(bad) == [], parameter
        assert list(bad.context["filter"].errors) == [parameter]
        text = bad.content.decode()
        assert f'name="{parameter}"' in text
        assert text.count('<span class="error">') == 1, parameter
        assert "Correct it to see the list." in text


@pytest.mark.parametrize("page", SAME_ROWS)
def test_both_doors_refuse_values_in_the_same_words(client, page):
    query = {name: bad_value(filter_) for name, filter_ in PAGES[page].base_filters.items()}
    answer = client.get(f"/api/v1/{SAME_ROWS[page]}/", query).json()["errors"]
    shown = client.get(reverse(f"console:{page}"), query).context["filter"].errors
    assert {error["pointer"]: error["detail"] for error in answer} == {
        f"#/{name}": messages[0] for name, messages in shown.items()
    }
    assert len(answer) == len(query)


def test_htmx_gets_the_form_with_the_list_until_the_value_is_good(client):
    results = {"hx-request": "true", "hx-target": "results"}
    bad = client.get("/persons?is_4050=maybe", headers=results)
    assert (bad.status_code, bad["HX-Retarget"], bad["HX-Reswap"]) == (400, "#list", "outerHTML")
    text = bad.content.decode()
    assert 'hx-target="#list"' in text
    assert "<html" not in text
    again = client.get("/persons?is_4050=true", headers={**results, "hx-target": "list"})
    assert again.status_code == 200
    assert 'hx-target="#results"' in again.content.decode()


def test_an_unknown_parameter_is_refused_by_rest_and_passed_over_by_the_console(client):
    """A program must learn that it misspelt a filter; an old link of a person must still open."""
    body = assert_problem(client.get("/api/v1/persons/?emp_statsu=10"), "invalid-query", 400)
    assert [error["code"] for error in body["errors"]] == ["unknown"]
    page = client.get("/persons?emp_statsu=10")
    assert page.status_code == 200
    assert rows_of(page)


def test_a_form_offers_what_the_reader_may_see(street_clerk):
    text = street_clerk.get("/submissions").content.decode()
    assert ">示范一社区<" in text.replace("\u3000", "") or ">Demo 1<" in text.replace("\u3000", "")
    assert "Next street" not in text
    assert 'value="xie"' in text
    assert 'value="xu"' not in text
    assert 'value="B01"' in street_clerk.get("/cases").content.decode()
    assert 'value="B02"' not in street_clerk.get("/cases").content.decode()


@pytest.fixture
def street_clerk(client, make_user) -> Client:
    """A clerk of the first street; another street has a worker of its own."""
    from tests.conftest import OTHER_STREET_COMMUNITY, STREET

    make_user("xu", role="worker", area=OTHER_STREET_COMMUNITY)
    client.force_login(make_user("clerk", role="street", area=STREET))
    return client


def test_a_value_from_a_link_stays_in_view_though_the_form_does_not_offer_it(client):
    text = client.get("/submissions?form=form_of_old&located_area=440106").content.decode()
    assert '<option value="form_of_old" selected>' in text
    assert 'name="located_area"' in text
    text = client.get("/submissions?state=approved,rejected").content.decode()
    assert '<option value="approved,rejected" selected>' in text
    text = client.get("/submissions?received_from=2026-11-20T08:00:00Z").content.decode()
    assert 'type="text" name="received_from" value="2026-11-20T08:00:00Z"' in text
