"""Publishing forms and letting phones in."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from server.accounts.collect import read_code_text
from server.accounts.models import FieldAccount, RoleGrant, User
from server.forms.models import Form, FormVersion
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.samples import old_excel
from tests.samples.xlsforms import workbook

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = """
| survey   |
|          | type  | name | label::中文 (zh) | label::English (en) |
|          | text  | said | 说了什么          | What was said       |
| settings |
|          | form_id | form_title | version    | default_language |
|          | chat    | 谈话记录    | 2026112301 | 中文 (zh)         |
"""


def upload(client, content: bytes, name: str = "chat.xlsx"):
    return client.post("/forms/publish", {"workbook": SimpleUploadedFile(name, content)})


def test_a_form_is_published_closed_and_opened_again(db, divisions, log_in):
    client = log_in("administrator", "")
    response = upload(client, workbook(GOOD))
    assert (response.status_code, response.url) == (302, "/forms")
    page = client.get("/forms").content.decode()
    assert "Published: 谈话记录, version 2026112301." in page
    assert upload(client, workbook(GOOD)).status_code == 302
    assert upload(client, old_excel.as_xls(workbook(GOOD)), "chat.xls").status_code == 302
    assert FormVersion.objects.count() == 1
    client.post(reverse("console:form-state", args=["chat"]), {"state": "closed"})
    assert Form.objects.get().state == "closed"
    assert (
        client.post(reverse("console:form-state", args=["chat"]), {"state": "nonsense"}).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"not a workbook", "chat.xlsx", "is not an .xlsx or .xls workbook"),
        (old_excel.xls({"survey": []})[:2000], "chat.xls", "an old .xls file that is damaged"),
        (workbook(GOOD.replace("text  |", "txet  |")), "chat.xlsx", "survey"),
    ],
)
def test_a_faulty_workbook_is_refused_with_its_place_and_nothing_changes(
    db, divisions, log_in, content, name, sentence
):
    client = log_in("administrator", "")
    response = upload(client, content, name)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not FormVersion.objects.exists()
    assert client.post("/forms/publish", {}).status_code == 400


def test_a_worker_is_added_with_a_code_shown_once_and_shut_out(db, divisions, log_in):
    client = log_in()
    page = client.post(
        "/field-accounts/new", {"username": "xie", "name": "谢协理", "area": COMMUNITY}
    )
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    text = page.content.decode()
    assert "<svg" in text
    token = text.split("/key/")[1].split("<")[0].strip()
    account = FieldAccount.objects.get()
    assert RoleGrant.objects.get(user=account.user).area == COMMUNITY
    listed = client.get("/field-accounts").content.decode()
    assert "谢协理" in listed
    assert token not in listed
    client.post(reverse("console:revoke", args=[account.pk]))
    account.refresh_from_db()
    assert account.revoked_at
    assert "is blocked" in client.get("/field-accounts").content.decode()


def test_nobody_lets_a_phone_into_another_area(db, divisions, log_in, make_user):
    from server.accounts.services import issue_token

    client = log_in()
    refused = client.post(
        "/field-accounts/new", {"username": "a", "name": "a", "area": OTHER_STREET_COMMUNITY}
    )
    assert refused.status_code == 400
    assert not User.objects.filter(username="a").exists()
    both = make_user("both", role="worker", area=COMMUNITY)
    RoleGrant.objects.create(user=both, role="worker", area=OTHER_STREET_COMMUNITY)
    account, _token = issue_token(user=both, actor=None)
    assert client.post(reverse("console:new-code", args=[both.pk])).status_code == 404
    assert client.post(reverse("console:revoke", args=[account.pk])).status_code == 404
    assert "both" not in client.get("/field-accounts").content.decode()


def test_a_second_phone_gets_a_code_of_its_own(db, divisions, log_in, make_user):
    worker = make_user("xie", role="worker", area=COMMUNITY)
    client = log_in()
    for _ in range(2):
        assert "<svg" in client.post(reverse("console:new-code", args=[worker.pk])).content.decode()
    assert FieldAccount.objects.filter(revoked_at=None).count() == 2


def test_the_code_is_one_collect_reads():
    from server.accounts import collect

    address = collect.base_url("http://192.0.2.1:8000", "secret")
    settings = read_code_text(
        collect.code_text(
            collect.settings(
                server_url=address, project="入户", person="li", chosen=collect.AreaSettings()
            )
        )
    )
    assert settings["general"]["server_url"] == address
