"""The settings that QR codes carry, as the administrators of an area choose them."""

from __future__ import annotations

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from server.accounts.collect import AreaSettings, read_code_text
from server.accounts.phone_settings import chosen_for_each
from server.accounts.services import add_worker
from server.audit.models import AuditEntry
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem

JSON = "application/json"
PASSWORD = "open-sesame-7"
CHOSEN = {
    "admin_password": PASSWORD,
    "deletes_sent": False,
    "names_worker": False,
    "may_change": ["change_autosend"],
}


def code_of(client, username="xie"):
    answer = client.post("/api/v1/field-accounts/", {"username": username}, JSON).json()
    return answer, read_code_text(answer["qr"])


def test_codes_carry_the_settings_of_the_nearest_area(street, asking):
    chief = asking("administrator", area="4401")
    _, plain = code_of(chief)
    assert plain["admin"] == {}
    assert (plain["general"]["delete_send"], plain["general"]["metadata_username"]) == (True, "xie")

    kept = chief.put("/api/v1/phone-settings/440106/", CHOSEN, JSON)
    assert kept.status_code == 200, kept.content
    assert kept.json()["has_admin_password"] is True
    answer, chosen = code_of(chief)
    assert chosen["admin"].pop("admin_pw") == PASSWORD
    assert chosen["admin"]["change_server"] is False
    assert "change_autosend" not in chosen["admin"]
    assert (chosen["general"]["delete_send"], chosen["general"]["metadata_username"]) == (False, "")
    assert PASSWORD not in json.dumps(answer)

    chief.put("/api/v1/phone-settings/440106003/", {"deletes_sent": True}, JSON)
    nearer = code_of(chief)[1]
    assert (nearer["admin"], nearer["general"]["delete_send"]) == ({}, True)
    assert chief.delete("/api/v1/phone-settings/440106003/").status_code == 204
    assert code_of(chief)[1]["admin"]["admin_pw"] == PASSWORD

    kept_on = {**CHOSEN, "admin_password": None}
    assert chief.put("/api/v1/phone-settings/440106/", kept_on, JSON).status_code == 200
    assert code_of(chief)[1]["admin"]["admin_pw"] == PASSWORD
    without = {**CHOSEN, "admin_password": ""}
    chief.put("/api/v1/phone-settings/440106/", without, JSON)
    assert "admin_pw" not in code_of(chief)[1]["admin"]
    shown = chief.get("/api/v1/phone-settings/").content.decode()
    log = str(list(AuditEntry.objects.values()))
    assert PASSWORD not in shown + log


def test_only_administrators_of_the_area_choose(street, asking):
    path = "/api/v1/phone-settings/440106/"
    for client in (asking("street"), asking("administrator", area="440106003")):
        assert_problem(client.put(path, CHOSEN, JSON), "not-allowed", 403)
        assert_problem(client.delete(path), "not-allowed", 403)
        assert_problem(client.get(path), "not-found", 404)
    chief = asking("administrator", area="440106")
    assert_problem(chief.delete(path), "no-phone-settings", 404)
    assert_problem(chief.put("/api/v1/phone-settings/44010x/", CHOSEN, JSON), "bad-area", 400)
    wrong = {**CHOSEN, "may_change": ["fly"]}
    assert chief.put(path, wrong, JSON).status_code == 400
    assert_problem(chief.put("/api/v1/phone-settings/all/", CHOSEN, JSON), "not-allowed", 403)


def test_the_codes_of_many_workers_read_settings_in_two_queries(street, asking):
    chief = asking("administrator", area="4401")
    chief.put("/api/v1/phone-settings/440106/", CHOSEN, JSON)
    people = [
        add_worker(username=f"w{number}", name="谢", areas=[area], actor=None).user
        for number, area in enumerate([COMMUNITY, OTHER_COMMUNITY, STREET])
    ]
    with CaptureQueriesContext(connection) as queries:
        settings = chosen_for_each(people)
    assert len(queries) == 2
    assert {chosen.admin_password for chosen in settings.values()} == {PASSWORD}
    body = {"usernames": ["w0", "w1"]}
    made = chief.post("/api/v1/field-accounts/codes/", body, JSON).json()
    assert [read_code_text(code["qr"])["admin"]["admin_pw"] for code in made] == [PASSWORD] * 2


def test_the_console_chooses_and_removes_settings(street, log_in):
    client = log_in("administrator", "440106")
    path = reverse("console:phone-settings")
    assert "No area has settings of its own" in client.get(path).content.decode()
    chosen = {"area": "440106", "deletes_sent": "on", "may_change": "change_autosend"}
    page = client.post(path, {**chosen, "admin_password": PASSWORD}, follow=True).content.decode()
    assert "Codes made from now on carry these settings." in page
    assert "admin password set" in page
    assert PASSWORD not in page
    settings = chosen_for_each([street.worker])[street.worker.pk]
    assert (settings.admin_password, settings.may_change) == (PASSWORD, ("change_autosend",))
    client.post(path, chosen)
    assert chosen_for_each([street.worker])[street.worker.pk].admin_password == PASSWORD
    client.post(path, {**chosen, "no_password": "on"})
    assert chosen_for_each([street.worker])[street.worker.pk].admin_password == ""
    assert client.post(path, {**chosen, "area": "4401"}).status_code == 400
    client.post(path, {"area": "440106", "remove": "1"})
    assert chosen_for_each([street.worker])[street.worker.pk] == AreaSettings()
