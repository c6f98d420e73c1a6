"""Roles and accounts over REST: what an administrator of an area may do, and what nobody may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from server.accounts.models import FormerGrant, RoleGrant, Session, User
from server.audit.models import AuditEntry
from server.core import clock
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.doors.conftest import Asking

pytestmark = pytest.mark.django_db
ELSEWHERE = "440106005"


def post(client: Client, path: str, body: Any = None, method: str = "post") -> Any:
    text = json.dumps(body or {})
    return getattr(client, method)(f"/api/v1/users/{path}", text, content_type="application/json")


def roles_of(name: str) -> set[tuple[str, str]]:
    return set(RoleGrant.objects.filter(user__username=name).values_list("role", "area"))


@pytest.fixture
def chief(divisions, asking: Asking) -> Client:
    """The administrator of the first street."""
    return asking("administrator")


def test_an_administrator_gives_and_takes_several_roles_in_several_areas(chief, make_user):
    make_user("li", role="street", area=STREET)
    for role, area in (("restricted", "440106003000"), ("county", STREET), ("worker", COMMUNITY)):
        assert post(chief, "li/grant/", {"role": role, "area": area}).status_code == 200
    assert post(chief, "li/grant/", {"role": "county", "area": STREET}).status_code == 200
    held = {("street", STREET), ("restricted", STREET), ("county", STREET), ("worker", COMMUNITY)}
    assert roles_of("li") == held
    body = post(chief, "li/revoke/", {"role": "county", "area": "440106003000"}).json()
    assert {(row["role"], row["area"]) for row in body["roles"]} == held - {("county", STREET)}
    assert_problem(
        post(chief, "li/revoke/", {"role": "county", "area": STREET}), "no-such-role", 404
    )
    acts = AuditEntry.objects.filter(object_id="li").values_list("act", "actor_name", "area_code")
    name = f"administrator-{STREET}"
    assert list(acts.order_by("id")) == [
        ("role_granted", name, STREET),
        ("role_granted", name, STREET),
        ("role_granted", name, COMMUNITY),
        ("role_taken", name, STREET),
    ]


def test_roles_have_days_and_former_ones_stay_to_be_read(chief, make_user):
    make_user("li", role="street", area=STREET)
    worker = {"role": "worker", "area": COMMUNITY}
    given = post(chief, "li/grant/", {**worker, "since": "2026-03-01"}).json()
    assert {**worker, "since": "2026-03-01"} in given["roles"]
    for act, day, text in (
        ("grant", {"area": STREET, "since": "2999-01-01"}, "2999-01-01"),
        ("revoke", {"until": "2999-01-01"}, "2999-01-01"),
        ("revoke", {"until": "2026-02-28"}, "2026-02-28"),
    ):
        answer = post(chief, f"li/{act}/", {**worker, **day})
        assert_problem(answer, "bad-day", 400)
        assert text in answer.json()["detail"]
    taken = post(chief, "li/revoke/", {**worker, "until": "2026-03-31"}).json()
    former = {"since": "2026-03-01", "until": "2026-03-31", "is_revoked": False}
    assert taken["former_roles"] == [{**worker, **former}]
    assert len(taken["roles"]) == 1
    post(chief, "li/grant/", worker)
    again = post(chief, "li/revoke/", {**worker, "is_revoked": True}).json()["former_roles"]
    assert [row["is_revoked"] for row in again] == [True, True]
    facts = AuditEntry.objects.filter(act="role_taken").latest("pk").facts
    assert (facts["is_revoked"], facts["until"]) == (True, str(clock.today()))


def test_former_roles_elsewhere_are_not_shown(chief, make_user):
    user = make_user("li", role="street", area=STREET)
    FormerGrant.objects.create(
        user=user, role="worker", area=ELSEWHERE, since=clock.today(), until=clock.today()
    )
    assert chief.get("/api/v1/users/li/").json()["former_roles"] == []


def test_the_restricted_role_adds_restricted_columns_at_once(street, asking):
    """On an empty server nobody could see them, because nobody could give the role."""
    clerk, chief = asking("street"), asking("administrator")
    path = f"/api/v1/persons/{street.person.pk}/"
    assert clerk.get(path).json()["political"] is None
    given = post(chief, f"street-{STREET}/grant/", {"role": "restricted", "area": STREET})
    assert given.status_code == 200
    assert clerk.get(path).json()["political"] == "01"


@pytest.mark.parametrize("area", ["", "44", "440106", ELSEWHERE, "440106005001"])
@pytest.mark.parametrize("role", ["administrator", "street", "restricted", "worker"])
def test_nobody_gives_a_role_beyond_the_areas_they_administer(chief, make_user, role, area):
    make_user("li", role="street", area=STREET)
    assert_problem(post(chief, "li/grant/", {"role": role, "area": area}), "not-allowed", 403)
    new = {"username": "xu", "role": role, "areas": [STREET, area]}
    assert_problem(post(chief, "", new), "not-allowed", 403)
    assert roles_of("li") == {("street", STREET)}
    assert not User.objects.filter(username="xu").exists()


def test_nobody_changes_their_own_roles(chief):
    """An administrator who wants to see more asks another one, and the log names both."""
    name = f"administrator-{STREET}"
    for path, body, method in (
        (f"{name}/grant/", {"role": "restricted", "area": STREET}, "post"),
        (f"{name}/revoke/", {"role": "administrator", "area": STREET}, "post"),
        (f"{name}/", {"active": False}, "patch"),
    ):
        assert_problem(post(chief, path, body, method), "own-account", 403)
    assert roles_of(name) == {("administrator", STREET)}


def test_other_roles_give_nothing(divisions, asking, make_user):
    make_user("li", role="street", area=STREET)
    for role in ("street", "county", "worker", "restricted"):
        client = asking(role)
        assert client.get("/api/v1/users/").json()["results"] == []
        assert client.get("/api/v1/users/li/").status_code == 404
        body = {"role": "street", "area": STREET}
        assert_problem(post(client, "li/grant/", body), "not-allowed", 403)


def test_who_holds_roles_elsewhere_is_not_theirs_alone(chief, make_user):
    """The desk of one street neither sees nor ends what the person is at another one."""
    user = make_user("li", role="street", area=STREET)
    RoleGrant.objects.create(user=user, role="county", area=ELSEWHERE)
    body = chief.get("/api/v1/users/li/").json()
    assert ([row["area"] for row in body["roles"]], body["elsewhere"]) == ([STREET], True)
    assert ELSEWHERE not in chief.get("/api/v1/users/").content.decode()
    assert chief.get("/api/v1/users/?role=county").json()["results"] == []
    assert chief.get(f"/api/v1/users/?area={ELSEWHERE}").json()["results"] == []
    for path, method, sent in (
        ("li/password/", "post", {}),
        ("li/end-sessions/", "post", {}),
        ("li/", "patch", {"active": False}),
        ("li/revoke/", "post", {"role": "county", "area": ELSEWHERE}),
    ):
        assert_problem(post(chief, path, sent, method), "not-allowed", 403)
    assert post(chief, "li/revoke/", {"role": "street", "area": STREET}).status_code == 200
    assert chief.get("/api/v1/users/li/").status_code == 404


def test_somebody_from_another_street_gets_a_role_here(chief, make_user):
    make_user("li", role="street", area=ELSEWHERE)
    body = {"role": "street", "area": STREET}
    (given,) = post(chief, "li/grant/", body).json()["roles"]
    assert given == {**body, "since": str(clock.today())}
    assert_problem(post(chief, "nobody/grant/", body), "unknown-user", 404)


def test_a_new_user_gets_a_password_that_must_be_replaced(chief):
    body = {"username": "xu", "name": "徐经办", "role": "street", "areas": [STREET]}
    answer = post(chief, "", body)
    assert answer.status_code == 201
    user = User.objects.get(username="xu")
    assert user.check_password(answer.json()["password"])
    assert user.must_choose_password
    assert chief.get("/api/v1/users/xu/").json()["must_choose_password"]
    taken = assert_problem(post(chief, "", body), "name-taken", 409)
    assert "further role" in taken["detail"]


def test_a_handed_out_password_ends_the_sessions(chief, make_user):
    user = make_user("li", role="street", area=STREET)
    browser = Client()
    browser.force_login(user)
    assert browser.get("/review").status_code == 200
    password = post(chief, "li/password/").json()["password"]
    user.refresh_from_db()
    assert user.check_password(password)
    assert not Session.objects.filter(user=user).exists()
    assert browser.get("/review").status_code == 302


def test_sessions_are_ended_and_the_password_stays(chief, make_user):
    user = make_user("li", role="street", area=STREET)
    for _browser in range(2):
        Client().force_login(user)
    assert post(chief, "li/end-sessions/").json() == {"ended": 2}
    user.refresh_from_db()
    assert user.check_password("correct horse")


def test_somebody_who_left_is_shut_out(chief, make_user):
    user = make_user("li", role="street", area=STREET)
    browser = Client()
    browser.force_login(user)
    assert post(chief, "li/", {"active": False}, "patch").json()["active"] is False
    assert browser.get("/review").status_code == 302
    assert post(chief, "li/", {"active": True}, "patch").json()["active"] is True


def test_a_person_without_any_role_is_for_the_administrator_of_everywhere(
    divisions, asking, make_user
):
    user = make_user("li", role="street", area=STREET)
    user.grants.all().delete()
    assert asking("administrator").get("/api/v1/users/li/").status_code == 404
    everywhere = asking("administrator", area="")
    assert everywhere.get("/api/v1/users/li/").json()["roles"] == []
    assert post(everywhere, "li/password/").status_code == 201
