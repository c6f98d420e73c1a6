"""The public bulletin of vacancies, which `vacancy_update` keeps up: what everybody reads, and who opens it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from server.audit.models import Act, AuditEntry
from server.bulletin.models import Bulletin
from server.core.clock import today
from server.ledgers.models import Employer, Vacancy
from tests.factories.console import entry, make_street

pytestmark = pytest.mark.django_db
CODE = "440106003000"
JSON = "application/json"
CONTACT = "棠荫路1号 020-00001234 周一至周五"


@pytest.fixture
def street(divisions, make_user) -> Any:
    return make_street(make_user)


@pytest.fixture
def clerk(street, make_user, client) -> Client:
    client.force_login(make_user("clerk", role="street", area="440106003"))
    return client


def open_it(clerk: Client, code: str = CODE, **changes: Any) -> Any:
    body = {"contact": CONTACT, "is_open": True, "shows_employers": True, **changes}
    return clerk.put(f"/api/v1/bulletins/{code}/", body, JSON)


def vacancy(area_code: str = "440106003001", **changes: Any) -> Vacancy:
    number = Vacancy.objects.count()
    employer = Employer.objects.filter(area_code=area_code).first() or Employer.objects.first()
    values: dict[str, Any] = {
        "vacancy_no": f"V{number:04}", "employer": employer, "title": f"缝纫工{number}",
        "occupation": "6", "n_wanted": 3, "n_filled": 1, "wage_min": 3000, "source": "1",
        "is_public_welfare": False, "state": "3", "published_on": today(), "expires_on": today(),
        "age_min": 18, "age_max": 35,
    }  # fmt: skip
    return Vacancy.objects.create(**entry(area_code, **{**values, **changes}))


def titles(answer: Any) -> set[str]:
    return {post.title for post in answer.context["posts"]}


def test_everybody_reads_what_staff_published_and_nothing_private(street, clerk):
    shown = vacancy()
    assert Client().get(f"/jobs/{CODE}").status_code == 404
    assert open_it(clerk).status_code == 200
    employer = shown.employer
    page = Client().get(f"/jobs/{CODE}", headers={"accept-language": "zh-Hans"})
    text = page.content.decode()
    assert page.status_code == 200
    for part in (shown.title, CONTACT, employer.name, shown.vacancy_no, "招 2 人"):
        assert part in text
    for column in Employer.ledger.columns.values():
        value = getattr(employer, column.name)
        if value and column.name != "name" and isinstance(value, str) and len(value) > 3:
            assert value not in text, column.name
    assert "35" not in re.sub(r"<[^>]*>", " ", text), "no limit of age"
    assert Bulletin.objects.get().area_code == CODE
    opened = AuditEntry.objects.filter(act=Act.BULLETIN).get()
    assert (opened.area_code, opened.actor_name) == (CODE, "clerk")


@pytest.mark.parametrize(
    ("changes", "is_shown"),
    [
        ({"state": "1"}, False),
        ({"state": "2"}, False),
        ({"state": "4"}, True),
        ({"state": "5"}, False),
        ({"state": "6"}, False),
        ({"state": "7"}, False),
        ({"state": "4", "published_on": None}, False),
        ({"n_filled": 3}, False),
        ({"n_filled": 2}, True),
        ({"expires_on": -1}, False),
        ({"expires_on": 0}, True),
        ({"expires_on": 1}, True),
        ({"area_code": "440106005001"}, False),
    ],
)
def test_a_post_is_shown_while_it_is_published_valid_and_has_a_place(
    street, clerk, changes, is_shown
):
    if isinstance(changes.get("expires_on"), int):
        changes = {"expires_on": today() + timedelta(days=changes["expires_on"])}
    post = vacancy(**changes)
    open_it(clerk)
    assert (post.title in titles(Client().get(f"/jobs/{CODE}"))) == is_shown


def test_employers_are_named_only_where_the_office_wants_it(street, clerk):
    post = vacancy()
    open_it(clerk, shows_employers=False)
    for part in ("", "/poster", "/feed.xml"):
        answer = Client().get(f"/jobs/{CODE}{part}").content.decode()
        assert post.title in answer
        assert post.employer.name not in answer


def test_the_feed_is_atom_and_the_poster_has_a_code(street, clerk):
    post = vacancy()
    open_it(clerk)
    feed = ElementTree.fromstring(Client().get(f"/jobs/{CODE}/feed.xml").content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    assert post.title in [title.text for title in feed.findall("a:entry/a:title", space)]
    poster = Client().get(f"/jobs/{CODE}/poster").content.decode()
    assert "<svg" in poster
    assert f"/jobs/{CODE}" in poster


def test_closing_ends_what_everybody_reads(street, clerk):
    open_it(clerk)
    assert open_it(clerk, is_open=False, contact="").status_code == 200
    for part in ("", "/poster", "/feed.xml"):
        assert Client().get(f"/jobs/{CODE}{part}").status_code == 404


@pytest.mark.parametrize(
    ("code", "changes", "status", "kind"),
    [
        (CODE, {"contact": "  "}, 422, "bulletin-contact-missing"),
        (CODE, {"contact": "张三 13800000000"}, 422, "bulletin-contact-private"),
        (CODE, {"contact": "449900199001011234"}, 422, "bulletin-contact-private"),
        (CODE, {"contact": "x" * 201}, 400, "invalid-request"),
        ("440106005000", {}, 404, "no-such-bulletin"),
        ("440106000000", {}, 404, "no-such-bulletin"),
        ("4401060030ab", {}, 404, "no-such-bulletin"),
        ("440106003999", {}, 404, "no-such-bulletin"),
    ],
)
def test_what_is_refused_changes_nothing(street, clerk, code, changes, status, kind):
    answer = open_it(clerk, code, **changes)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, kind)
    assert not Bulletin.objects.exists()


def test_a_worker_may_not_open_a_bulletin(street, make_user, client):
    client.force_login(make_user("wang", role="worker", area="440106003"))
    assert open_it(client).status_code == 404
    assert client.get("/bulletins").status_code == 403


def test_staff_open_and_close_it_in_the_console(street, clerk):
    page = clerk.get("/bulletins")
    assert page.status_code == 200
    form = {"area": "440106003", "contact": CONTACT, "is_open": "on"}
    assert clerk.post("/bulletins", form).status_code == 302
    kept = Bulletin.objects.get()
    assert (kept.is_open, kept.shows_employers) == (True, False)
    assert f"/jobs/{CODE}" in clerk.get("/bulletins").content.decode()
    clerk.post("/bulletins", {"area": "440106003", "contact": CONTACT})
    assert not Bulletin.objects.get().is_open
    assert clerk.post("/bulletins", {"area": "440106005", "contact": "x"}).status_code == 400


@pytest.mark.parametrize("area", ["440106003", "44", "x", "440106003001x"])
def test_other_addresses_are_not_there(street, clerk, area):
    open_it(clerk)
    assert Client().get(f"/jobs/{area}").status_code == 404


def test_words_choose_posts_by_their_title(street, clerk):
    wanted, other = vacancy(title="电工"), vacancy(title="保洁员")
    open_it(clerk)
    shown = titles(Client().get(f"/jobs/{CODE}", {"q": "电工"}))
    assert wanted.title in shown
    assert other.title not in shown
    assert Client().get(f"/jobs/{CODE}", {"q": "%_\\\0" * 50}).status_code == 200


def test_reading_takes_few_queries(street, clerk, django_assert_max_num_queries):
    for _number in range(5):
        vacancy()
    open_it(clerk)
    with django_assert_max_num_queries(6):
        Client().get(f"/jobs/{CODE}")
