"""The pages on which an administrator decides who may do what."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import FormerGrant, RoleGrant, User
from tests.conftest import COMMUNITY, STREET

pytestmark = pytest.mark.django_db
ELSEWHERE = "440106005"


@pytest.fixture
def chief(divisions, log_in) -> Client:
    return log_in("administrator", STREET)


def page_of(client: Client, name: str, *args: int) -> str:
    return client.get(reverse(f"console:{name}", args=args)).content.decode()


def post(client: Client, page: str, /, *args: int, **data: str):
    return client.post(reverse(f"console:{page}", args=args), data, follow=True)


def test_the_list_holds_the_people_of_my_areas(chief, make_user):
    make_user("li", area=STREET)
    make_user("wu", area=COMMUNITY, role="worker")
    make_user("xu", area=ELSEWHERE)
    page = page_of(chief, "people")
    assert "li" in page
    assert "wu" in page
    assert ">xu<" not in page
    assert ">wu<" not in chief.get("/people?role=street").content.decode()
    assert ">li<" not in chief.get("/people?search=wu").content.decode()
    assert "Nothing matches" in chief.get("/people?search=nobody").content.decode()
    assert chief.get("/people?role=king").status_code == 400


def test_roles_are_given_and_taken_on_the_page_of_a_person(chief, make_user):
    li = make_user("li", area=STREET)
    page = post(chief, "give-role", li.pk, role="restricted", area=COMMUNITY).content.decode()
    assert "li holds the role now." in page
    held = li.grants.get(role="restricted")
    assert held.area == COMMUNITY
    post(chief, "take-role", li.pk, held.pk)
    assert [grant.role for grant in li.grants.all()] == ["street"]
    refused = post(chief, "give-role", li.pk, role="street", area=ELSEWHERE)
    assert refused.status_code == 400
    assert post(chief, "give-role", li.pk, role="street", area="").status_code == 400
    last = post(chief, "take-role", li.pk, li.grants.get().pk)
    assert last.redirect_chain == [("/people", 302)]


def test_the_page_of_a_person_shows_roles_and_former_roles_with_their_days(chief, make_user):
    wu = make_user("wu", role="worker", area=STREET)
    RoleGrant.objects.create(user=wu, role="worker", area=ELSEWHERE)
    post(chief, "give-role", wu.pk, role="worker", area=COMMUNITY, since="2026-03-01")
    assert "2026-03-01" in page_of(chief, "user", wu.pk)
    held = wu.grants.get(area=COMMUNITY)
    early = post(chief, "take-role", wu.pk, held.pk, until="2026-02-28")
    assert (early.status_code, wu.grants.count()) == (400, 3)
    post(chief, "take-role", wu.pk, held.pk, until="2026-03-31")
    page = page_of(chief, "user", wu.pk)
    assert "Former roles" in page
    assert "2026-03-31" in page
    assert "do not count</span>" not in page
    post(chief, "take-role", wu.pk, wu.grants.get(area=STREET).pk, is_revoked="on")
    page = page_of(chief, "people")
    assert ">wu<" not in page, "who works here no longer is another office's"


def test_the_list_of_workers_shows_where_they_worked_before(divisions, log_in, make_user):
    wu = make_user("wu", role="worker", area=COMMUNITY)
    for area, day in (("440106003002", date(2026, 3, 1)), (ELSEWHERE, date(2026, 5, 5))):
        FormerGrant.objects.create(user=wu, role="worker", area=area, since=day, until=day)
    page = page_of(log_in("street", STREET), "field-accounts")
    assert "2026-03-01 – 2026-03-01" in page
    assert "2026-05-05" not in page


def test_the_administrator_of_everywhere_gives_roles_everywhere(divisions, log_in, make_user):
    li = make_user("li", area=STREET)
    post(log_in("administrator", ""), "give-role", li.pk, role="county", area="")
    assert li.grants.get(role="county").area == ""


def test_a_person_of_another_street_is_not_there(chief, make_user):
    xu = make_user("xu", area=ELSEWHERE)
    assert chief.get(reverse("console:user", args=[xu.pk])).status_code == 404
    for name in ("give-role", "hand-out-password", "user-state", "end-sessions"):
        assert post(chief, name, xu.pk).status_code == 404
    grant = xu.grants.get()
    assert post(chief, "take-role", xu.pk, grant.pk).status_code == 404


def test_of_a_person_of_two_streets_only_mine_is_shown_and_done(chief, make_user):
    li = make_user("li", area=STREET)
    other = RoleGrant.objects.create(user=li, role="county", area=ELSEWHERE)
    page = page_of(chief, "user", li.pk)
    assert "areas that you do not administer" in page
    assert "五山" not in page
    assert "New password" not in page
    assert post(chief, "take-role", li.pk, other.pk).status_code == 403
    assert post(chief, "hand-out-password", li.pk).status_code == 403


def test_my_own_account_is_not_for_me_to_decide(chief):
    own = User.objects.get(username__startswith="administrator")
    page = page_of(chief, "user", own.pk)
    assert "your own account" in page
    assert "Take away" not in page
    assert post(chief, "give-role", own.pk, role="restricted", area=STREET).status_code == 403


def test_a_new_person_and_the_password_that_is_shown_once(chief):
    given = {"username": "xu", "name": "徐经办", "role": "street", "area": STREET}
    page = post(chief, "new-user", **given).content.decode()
    xu = User.objects.get(username="xu")
    password = page.partition('<dt>Password</dt><dd class="code">')[2].partition("<")[0]
    assert xu.check_password(password)
    assert xu.must_choose_password
    assert "password handed out" in page_of(chief, "people")


def test_a_known_user_name_says_what_to_do_and_does_it(chief, make_user):
    li = make_user("li", area=ELSEWHERE)
    given = {"username": "li", "name": "李经办", "role": "street", "area": STREET}
    answer = post(chief, "new-user", **given)
    assert answer.status_code == 409
    assert "Give the role to the user of this name" in answer.content.decode()
    post(chief, "new-user", **given, existing="yes")
    assert set(li.grants.values_list("area", flat=True)) == {STREET, ELSEWHERE}
    for wrong in ({"username": "a b"}, {"name": ""}, {"area": ELSEWHERE}, {"role": "king"}):
        assert post(chief, "new-user", **{**given, "username": "ke", **wrong}).status_code == 400


def test_shutting_out_and_ending_sessions(chief, make_user):
    li = make_user("li", area=STREET)
    browser = Client()
    browser.force_login(li)
    assert "1 session ended." in post(chief, "end-sessions", li.pk).content.decode()
    assert browser.get("/review").status_code == 302
    assert "li is shut out." in post(chief, "user-state", li.pk, active="no").content.decode()
    assert "li is let in again." in post(chief, "user-state", li.pk, active="yes").content.decode()
