"""Phones at the console: last contact, a lost phone, codes for a whole area."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from server.accounts.models import FieldAccount, RoleGrant, User
from server.accounts.selectors import authenticate_token
from server.accounts.services import add_worker, issue_token
from server.core.clock import now
from server.ledgers.entity_lists.lists import MAX_ROWS
from server.ledgers.models import Household
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import entry, make_quarantined
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(divisions):
    return add_worker(username="xie", name="谢协理", areas=[COMMUNITY], actor=None)


def listed(client) -> str:
    return client.get(reverse("console:field-accounts")).content.decode()


def test_the_last_contact_of_a_phone_is_shown(worker, log_in):
    client = log_in()
    assert "no contact yet" in listed(client)
    app = "org.odk.collect.android/v2026.1.2 Dalvik/2.1.0 (Linux; U; Android 9; X)"
    date = (now() - timedelta(minutes=20)).strftime("%a, %d %b %Y %I:%M:%S GMT")
    Client().head(f"/key/{worker.token}/submission", HTTP_USER_AGENT=app, HTTP_DATE=date)
    text = listed(client)
    assert "Collect v2026.1.2 · Android 9" in text
    assert "clock 20 minutes behind" in text
    assert "unsent" not in text
    FieldAccount.objects.update(last_seen_at=now() - timedelta(days=4))
    assert "may hold unsent records" in listed(client)


def test_a_worker_with_more_households_than_a_phone_holds_is_marked(worker, log_in):
    """Whoever does not find a household on the phone registers it a second time."""
    first = Household.objects.create(**entry(COMMUNITY, hh_no="1"))
    columns = ", ".join(
        f'"{field.column}"'
        for field in Household._meta.concrete_fields
        if not field.generated and field.column != "id"
    )
    copy = (
        f"insert into ledgers_household (id, {columns}) select gen_random_uuid(), {columns}"
        " from ledgers_household, generate_series(1, %s) where id = %s"
    )
    RoleGrant.objects.create(user=worker.user, role="worker", area=OTHER_COMMUNITY)
    client = log_in()
    with connection.cursor() as cursor:
        cursor.execute(copy, [MAX_ROWS - 1, first.pk])
        assert "more than 5000 households" not in listed(client)
        cursor.execute(copy, [1, first.pk])
        Household.objects.filter(pk=first.pk).update(area_code=OTHER_COMMUNITY)
    assert "more than 5000 households" in listed(client)
    RoleGrant.objects.filter(area=OTHER_COMMUNITY).delete()
    assert "more than 5000 households" not in listed(client)


def test_records_that_wait_on_a_phone_are_shown_as_far_as_the_server_knows(worker, log_in):
    """What came late, what was refused: the phone holds on to both until it is put right."""
    client, came = log_in(), now() - timedelta(hours=1)
    FieldAccount.objects.update(
        last_seen_at=came, record_received_at=came, record_finished_at=came - timedelta(hours=2)
    )
    text = listed(client)
    assert f"last record {localtime(came):%Y-%m-%d %H:%M}" in text
    assert "on the phone" not in text
    FieldAccount.objects.update(record_finished_at=came - timedelta(days=5, hours=1))
    assert "the newest record lay 5 days on the phone" in listed(client)

    account = FieldAccount.objects.get()
    for number, resolved_at in enumerate((None, None, came)):
        document = b"%d" % number
        columns = {"field_account": account, "resolved_at": resolved_at}
        make_quarantined(worker.user, COMMUNITY, document, **columns)
    assert "2 records were refused" in listed(client)
    lost = client.get(reverse("console:lost-phone", args=[worker.user.pk])).content.decode()
    assert "2 records were refused" in lost
    FieldAccount.objects.update(revoked_at=now())
    assert "2 records were refused" in listed(client), "the code has ended, the records wait on"


def test_a_code_that_nobody_scanned_holds_no_records(worker, log_in):
    FieldAccount.objects.update(created_at=now() - timedelta(days=4))
    text = listed(log_in())
    assert "no contact yet" in text
    assert "unsent" not in text

    second, _token = issue_token(user=worker.user, actor=None)
    FieldAccount.objects.filter(pk=second.pk).update(created_at=now() - timedelta(days=4))
    FieldAccount.objects.exclude(pk=second.pk).update(revoked_at=now(), last_seen_at=now())
    assert "not scanned: the phone cannot send what it holds" in listed(log_in())


def test_a_lost_phone_is_blocked_with_one_button(worker, log_in):
    make_form()
    _second, other = issue_token(user=worker.user, actor=None)
    client = log_in()
    address = reverse("console:lost-phone", args=[worker.user.pk])
    text = client.get(address).content.decode()
    assert "入户调查" in text
    assert "Demo 1" in text
    assert authenticate_token(worker.token)  # looking changes nothing

    page = client.post(address)

    assert "no-store" in page.headers["Cache-Control"]
    assert authenticate_token(worker.token) is authenticate_token(other) is None
    assert not User.objects.get(username="xie").check_password(worker.password)
    token = page.content.decode().split("/key/")[1].split("<")[0].strip()
    assert authenticate_token(token)
    text = listed(client)
    assert "2 codes ended" in text
    assert text.count("Block</button>") == 1


def test_a_code_that_no_phone_can_use_says_so(worker, log_in, settings):
    """The page was opened on the server's own machine."""
    client = log_in()
    addresses = (reverse("console:new-code", args=[worker.user.pk]), reverse("console:codes"))
    body = {"worker": [worker.user.pk], "confirmed": "on"}
    for address in addresses:
        for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
            text = client.post(address, body, HTTP_HOST=host).content.decode()
            assert "No phone can reach this address" in text, host
        assert "No phone can reach" not in client.post(address, body).content.decode()
    settings.RUHU_BASE_URL = "https://r.example"
    text = client.post(addresses[0], HTTP_HOST="localhost").content.decode()
    assert "No phone can reach" not in text


def test_codes_of_an_area_are_made_when_confirmed(worker, log_in):
    second = add_worker(username="he", name="何协理", areas=[OTHER_COMMUNITY], actor=None)
    foreign = add_worker(username="wu", name="吴协理", areas=[OTHER_STREET_COMMUNITY], actor=None)
    both = add_worker(username="bo", name="柏协理", areas=[COMMUNITY], actor=None)
    RoleGrant.objects.create(user=both.user, role="worker", area=OTHER_STREET_COMMUNITY)
    client = log_in()
    address = reverse("console:codes")
    text = client.get(address, {"area": COMMUNITY}).content.decode()
    assert [name in text for name in ("谢协理", "何协理", "吴协理", "柏协理")] == [
        True, False, False, False,
    ]  # fmt: skip
    people = (worker, second, foreign, both)
    body = {"worker": [person.user.pk for person in people]}
    for refused in (body, {"confirmed": "on"}, {"worker": "x", "confirmed": "on"}):
        assert client.post(address, refused).status_code == 400
    assert FieldAccount.objects.filter(revoked_at=None).count() == 4

    page = client.post(address, {**body, "confirmed": "on"})

    text = page.content.decode()
    assert text.count('<section class="qr-card">') == 2
    assert "no-store" in page.headers["Cache-Control"]
    assert [authenticate_token(person.token) is None for person in people] == [
        True, True, False, False,
    ]  # fmt: skip
    assert FieldAccount.objects.filter(revoked_at=None).count() == 4
    assert User.objects.get(username="xie").check_password(worker.password)


def test_an_administrator_of_everywhere_manages_all_workers(worker, log_in):
    client = log_in("administrator", "")
    assert "谢协理" in listed(client)
    new = client.get(reverse("console:new-field-account")).content.decode()
    assert f'<option value="{COMMUNITY}">' in new
    body = {"worker": [worker.user.pk], "confirmed": "on"}
    assert client.post(reverse("console:codes"), body).status_code == 200
    assert authenticate_token(worker.token) is None


def test_other_streets_cannot_do_so(worker, log_in):
    client = log_in("street", "440106005")
    address = reverse("console:lost-phone", args=[worker.user.pk])
    assert client.get(address).status_code == client.post(address).status_code == 404
    assert log_in("county", "440106").post(address).status_code == 403


@pytest.mark.parametrize(
    ("role", "area"), [("administrator", ""), ("street", STREET), ("restricted", STREET)]
)
def test_a_clerk_never_gets_the_password_of_office_staff(worker, log_in, role, area):
    """The phone is blocked all the same; the password opens more than the clerk may give."""
    RoleGrant.objects.create(user=worker.user, role=role, area=area)
    address = reverse("console:lost-phone", args=[worker.user.pk])
    clerk = log_in()
    assert "password stays" in clerk.get(address).content.decode()

    page = clerk.post(address).content.decode()

    assert authenticate_token(worker.token) is None
    assert authenticate_token(page.split("/key/")[1].split("<")[0].strip())
    assert "Password for this website" not in page
    assert User.objects.get(username="xie").check_password(worker.password)
    rest = clerk.post("/api/v1/field-accounts/lost/", {"username": "xie"}, "application/json")
    assert rest.status_code == 403
    assert User.objects.get(username="xie").check_password(worker.password)

    everywhere = log_in("administrator", "")
    assert "Password for this website" in everywhere.post(address).content.decode()
    assert not User.objects.get(username="xie").check_password(worker.password)
