"""Workers made from a list that a clerk pastes."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.models import Role, RoleGrant, User
from server.accounts.rosters import MOST, read_roster
from server.geo.models import Division

pytestmark = pytest.mark.django_db
PLACES = {"440106003001": ["440106003001"], "一": ["440106003001", "440106003002"]}


@pytest.fixture
def clerk(divisions, make_user, client) -> Client:
    client.force_login(make_user("clerk", role="street", area="440106003"))
    return client


def send(clerk: Client, text: str, **more: str):
    english = {"accept-language": "en"}
    return clerk.post("/field-accounts/roster", {"roster": text, **more}, headers=english)


def test_a_pasted_list_is_shown_and_then_makes_all_workers_with_their_codes(clerk):
    place = Division.objects.get(pk="440106003001").name
    text = (
        f"姓名\t辖区\t用户名\n王芳\t{place}\twangfang\n\n李强，440106003002\n赵云\t440106003002\t"
    )
    shown = send(clerk, text)
    assert [line.problem for line in shown.context["lines"]] == ["", "", ""]
    assert not User.objects.filter(name="王芳").exists()
    made = send(clerk, text, confirmed="yes")
    assert made.status_code == 200
    names = {"wangfang", "w440106003002-1", "w440106003002-2"}
    assert set(User.objects.filter(username__in=names).values_list("username", flat=True)) == names
    page = made.content.decode()
    assert page.count("<svg") == 3
    grant = RoleGrant.objects.get(user__username="wangfang")
    assert (grant.role, grant.area) == (Role.WORKER, "440106003001")
    password = re.findall(r'<span class="code">([^<]+)</span>', page)[1]
    assert User.objects.get(username="wangfang").check_password(password)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("王芳\t440106005001", "You have no division of this name or code."),
        ("王芳", "The division is missing."),
        ("\t440106003001", "The name is missing."),
        (f"{'王' * 101}\t440106003001", "The name is too long."),
        ("王芳\t440106003001\tclerk", "The user name is taken."),
        ("王芳\t440106003001\twang fang!", "The user name cannot be used: letters, digits, dots, hyphens and underscores."),
        ("王芳\t440106003001\tliu", "The user name stands here twice."),
    ],
)  # fmt: skip
def test_one_wrong_line_makes_nobody(clerk, line, problem):
    before = User.objects.count()
    text = f"刘洋\t440106003001\tliu\n{line}"
    answer = send(clerk, text, confirmed="yes")
    assert [row.problem for row in answer.context["lines"]] == ["", problem]
    assert problem in answer.content.decode()
    assert User.objects.count() == before


@pytest.mark.parametrize("text", ["姓名\t辖区", "\n" * 3 + " ", "王\t440106003001\n" * (MOST + 1)])
def test_a_list_of_nobody_or_of_too_many_is_refused(clerk, text):
    assert send(clerk, text).status_code in (400, 422)


def test_a_worker_makes_nobody(divisions, make_user, client):
    client.force_login(make_user("wang", role="worker", area="440106003"))
    assert send(client, "王芳\t440106003001", confirmed="yes").status_code == 403


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_pasted_each_line_is_a_worker_or_says_why_not(lines):
    text = "王芳\t440106003001\n" + "\n".join(lines)
    for line in read_roster(text, PLACES):
        assert line.problem or (line.name and line.username and line.area)
