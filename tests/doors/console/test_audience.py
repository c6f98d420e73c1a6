"""Whom a form is offered to is chosen at the console, and phones follow."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from server.forms.models import FormAudience
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import make_home
from tests.factories.submissions import FORM_ID, make_form, make_phone

pytestmark = pytest.mark.django_db
ADDRESS = "/forms/household_survey/audience"


def gets_it(phone) -> bool:
    return FORM_ID.encode() in Client().get(f"{phone.base}/formList").content


def test_a_form_is_offered_to_areas_and_single_workers(divisions, log_in):
    make_form()
    here, there, elsewhere = (
        make_phone(name, area)
        for name, area in (
            ("li", COMMUNITY), ("wu", OTHER_COMMUNITY), ("he", OTHER_STREET_COMMUNITY),
        )
    )  # fmt: skip
    client = log_in("administrator", "")
    page = client.get(ADDRESS).content.decode()
    assert 'value="" id="id_areas_0" checked' in page
    assert f'value="{COMMUNITY}"' in page
    assert all(map(gets_it, (here, there, elsewhere)))

    saved = client.post(ADDRESS, {"areas": [COMMUNITY], "users": [elsewhere.user_id]})

    assert (saved.status_code, saved.url) == (302, reverse("console:forms"))
    assert [gets_it(phone) for phone in (here, there, elsewhere)] == [True, False, True]
    assert client.post(ADDRESS, {"areas": ["999"]}).status_code == 400
    assert client.post(ADDRESS, {}).status_code == 302
    assert "Offered to: nobody" in " ".join(client.get("/forms").content.decode().split())


def test_a_form_that_is_offered_elsewhere_too_is_not_this_streets(divisions, log_in):
    form = make_form().form
    make_home(form, STREET)
    client = log_in("administrator", STREET)
    assert 'id="id_areas_0"' in client.get(ADDRESS).content.decode()
    assert 'value=""' not in client.get(ADDRESS).content.decode(), (
        "everyone is not the street's to choose"
    )
    assert client.post(ADDRESS, {"areas": [""]}).status_code == 400
    assert client.post(ADDRESS, {"areas": [OTHER_STREET_COMMUNITY]}).status_code == 400
    assert client.post(ADDRESS, {"areas": [COMMUNITY]}).status_code == 302
    assert ADDRESS in client.get("/forms").content.decode()

    foreign = make_phone("he", OTHER_STREET_COMMUNITY)
    FormAudience.objects.create(form=form, user_id=foreign.user_id)
    before = set(form.audience.values_list("area", "user"))
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"areas": [COMMUNITY]}).status_code == 403
    assert set(form.audience.values_list("area", "user")) == before
    page = client.get("/forms").content.decode()
    assert ADDRESS not in page
    assert "/forms/household_survey/state" not in page
    assert "/forms/household_survey/approval" not in page


def test_only_workers_of_the_readers_areas_are_named(divisions, log_in):
    form = make_form(area=COMMUNITY).form
    for name, area in (("lihua", COMMUNITY), ("heping", OTHER_STREET_COMMUNITY)):
        FormAudience.objects.create(form=form, user_id=make_phone(name, area).user_id)
    for role, area, named in (
        ("street", STREET, ["lihua"]),
        ("worker", OTHER_STREET_COMMUNITY, ["heping"]),
        ("county", "440106", ["heping", "lihua"]),
    ):
        client = log_in(role, area)
        page = client.get("/forms").content.decode()
        assert [name for name in ("heping", "lihua") if name in page] == named
        assert client.get("/api/v1/forms/household_survey/").json()["users"] == named


def test_only_those_who_publish_choose(divisions, log_in):
    make_form()
    client = log_in()
    assert client.get(ADDRESS).status_code == client.post(ADDRESS, {}).status_code == 403
    assert ADDRESS not in client.get("/forms").content.decode()
    assert log_in("administrator", "").get("/forms/unknown/audience").status_code == 404
