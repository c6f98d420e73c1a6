"""Views of a list that people save, for themselves or for their office."""

from __future__ import annotations

import re

import pytest

from server.accounts.models import SavedView
from server.audit.models import AuditEntry
from tests.conftest import COMMUNITY, STREET

pytestmark = pytest.mark.django_db
ADDRESS = "/ledgers/persons/views?columns=name&sort=-edu&emp_status=21&search=陈大文&after=x"


def test_a_view_keeps_columns_order_and_filters_and_no_name(street, log_in):
    client = log_in()
    answer = client.post(ADDRESS, {"title": "登记失业人员"})
    assert answer.url == "/ledgers/persons?columns=name&sort=-edu&emp_status=21"
    assert client.get(answer.url).status_code == 200
    menu = client.get("/ledgers/persons/views").content.decode()
    assert "登记失业人员" in menu
    assert "columns=name&amp;sort=-edu&amp;emp_status=21" in menu
    assert client.get("/ledgers/households/views").content.decode().count("登记失业人员") == 0
    client.post("/ledgers/persons/views?sort=edu", {"title": "登记失业人员"})
    assert SavedView.objects.get().query == "sort=edu", "the title is there once"
    assert client.post(ADDRESS, {"title": ""}).status_code == 400
    assert AuditEntry.objects.filter(act="view_saved").count() == 2


def test_a_shared_view_is_the_offices_and_only_its_owner_deletes_it(street, log_in):
    owner, colleague, worker = log_in(), log_in(), log_in("worker", COMMUNITY)
    elsewhere = log_in("street", "440106005")
    owner.post(ADDRESS, {"title": "全街道可用", "is_shared": "on"})
    owner.post(ADDRESS, {"title": "只给自己"})
    for client, expected in ((owner, 2), (colleague, 1), (worker, 1), (elsewhere, 0)):
        menu = client.get("/ledgers/persons/views").content.decode()
        assert len(re.findall("全街道可用</a>|只给自己</a>", menu)) == expected
    shared = SavedView.objects.get(is_shared=True)
    assert shared.area == STREET
    delete = f"/saved-views/{shared.pk}/delete"
    assert colleague.post(delete).status_code == 404
    assert owner.post(delete).url == "/ledgers/persons"
    assert not SavedView.objects.filter(is_shared=True).exists()


def test_nobody_has_views_without_end(street, log_in, monkeypatch):
    monkeypatch.setattr("server.accounts.saved_views.MOST", 1)
    client = log_in()
    client.post(ADDRESS, {"title": "甲"})
    answer = client.post(ADDRESS, {"title": "乙"})
    assert answer.status_code == 400
    assert "1 saved views" in answer.content.decode()
