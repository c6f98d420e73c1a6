"""Who may open what: role × page × expected, inside and outside the area (security.md, Areas and access)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.conftest import COMMUNITY, STREET

pytestmark = pytest.mark.django_db

AREAS = {"worker": COMMUNITY, "street": STREET, "county": "440106", "administrator": ""}
EVERYONE = {"worker": 200, "street": 200, "county": 200, "administrator": 200}
DESK = {"worker": 403, "street": 200, "county": 403, "administrator": 200}
SENDING = {"worker": 200, "street": 200, "county": 403, "administrator": 200}
PUBLISHING = {"worker": 403, "street": 403, "county": 403, "administrator": 200}
PAGES = [
    ("home", EVERYONE),
    ("submissions", EVERYONE),
    ("review", EVERYONE),
    ("households", EVERYONE),
    ("persons", EVERYONE),
    ("cases", EVERYONE),
    ("employers", EVERYONE),
    ("vacancies", EVERYONE),
    ("exceptions", EVERYONE),
    ("links", EVERYONE),
    ("enter", SENDING),
    ("quarantine", DESK),
    ("map", EVERYONE),
    ("map-search", EVERYONE),
    ("forms", EVERYONE),
    ("publish", PUBLISHING),
    ("encryption", PUBLISHING),
    ("new-key", PUBLISHING),
    ("private-key", PUBLISHING),
    ("field-accounts", DESK),
    ("phone-settings", PUBLISHING),
    ("new-field-account", DESK),
    ("codes", DESK),
    ("people", PUBLISHING),
    ("new-user", PUBLISHING),
    ("disclosures", DESK),
    ("audit", EVERYONE),
    ("help", EVERYONE),
]
OBJECTS = [
    ("submission", "submission"),
    ("preview", "photo"),
    ("household", "household"),
    ("person", "person"),
    ("case", "case"),
    ("employer", "employer"),
    ("map-popup", "household"),
]
WRITES = [
    ("decide", "submission", {"state": "approved", "reason": ""}),
    ("settle", "exception", {"reason": "asked the family"}),
    ("state-link", "link", {"kind": "two_places", "reason": "asked the family"}),
]


def status(client, address: str, method: str = "get") -> int:
    response = getattr(client, method)(address)
    b"".join(response)  # a file is open until it is read
    return response.status_code


def test_pages_open_for_their_roles(street, log_in):
    clients = {role: log_in(role, area) for role, area in AREAS.items()}
    for page, expected in PAGES:
        address = reverse(f"console:{page}")
        got = {role: client.get(address).status_code for role, client in clients.items()}
        assert got == expected, page


def test_nobody_gets_past_the_log_in(street, client):
    for page, _expected in PAGES:
        address = reverse(f"console:{page}")
        response = client.get(address)
        assert (response.status_code, response.url) == (302, f"/login?next={address}")
        answer = client.get(address, headers={"hx-request": "true"})
        assert answer.headers["HX-Redirect"].startswith("/login?next=")


def test_a_user_without_a_role_is_told_so(street, make_user, client):
    user = make_user("nobody", role="restricted", area=STREET)
    client.force_login(user)
    response = client.get("/", headers={"accept-language": "en"})
    assert response.status_code == 403
    assert "does not have a role for this" in response.content.decode()


def test_an_object_of_my_area_opens_and_one_of_another_area_does_not_exist(street, log_in):
    clerk, county = log_in("street", STREET), log_in("county", "440106")
    for page, thing in OBJECTS:
        mine = reverse(f"console:{page}", args=[getattr(street, thing).pk])
        foreign = reverse(f"console:{page}", args=[getattr(street, f"foreign_{thing}").pk])
        assert status(clerk, mine) == 200, page
        assert status(clerk, foreign) == 404, page
        assert status(county, foreign) == 200, page


def test_an_original_opens_to_the_desk_of_the_area_and_its_small_picture_to_all_readers(
    street, log_in
):
    """The rule of all doors: what was received as it was received (decision 0185)."""
    page = reverse("console:submission", args=[street.submission.pk])
    original = reverse("console:file", args=[street.photo.pk])
    for role, expected in DESK.items():
        client = log_in(role, AREAS[role])
        assert status(client, original, "post") == expected, role
        assert status(client, reverse("console:preview", args=[street.photo.pk])) == 200, role
        button = f'action="{original}" method="post"'
        assert (button in client.get(page).content.decode()) == (expected == 200), role
    assert status(log_in("street", "440106005"), original, "post") == 404


@pytest.mark.parametrize(("page", "thing", "data"), WRITES, ids=[page for page, *_ in WRITES])
def test_only_street_staff_of_the_area_decide(street, log_in, page, thing, data):
    mine = reverse(f"console:{page}", args=[getattr(street, thing).pk])
    foreign = reverse(f"console:{page}", args=[getattr(street, f"foreign_{thing}").pk])
    assert log_in("worker", COMMUNITY).post(mine, data).status_code == 403
    assert log_in("county", "440106").post(mine, data).status_code == 403
    clerk = log_in("street", STREET)
    assert clerk.post(foreign, data).status_code == 404
    assert clerk.post(mine, data, follow=True).status_code == 200


def test_only_who_publishes_says_that_records_need_approval(street, log_in):
    """Others see only how many records wait, in their own areas."""
    address = reverse("console:form-approval", args=[street.form.form_id])
    for role in ("worker", "street", "county"):
        client = log_in(role, AREAS[role])
        assert client.post(address, {"needed": "yes"}).status_code == 403
        assert address not in client.get("/forms").content.decode()
    publisher = log_in("administrator", "")
    assert publisher.post(address, {"needed": "maybe"}).status_code == 404
    gone = reverse("console:form-approval", args=["no_such_form"])
    assert publisher.post(gone, {"needed": "yes"}).status_code == 404
    page = publisher.post(address, {"needed": "yes"}, follow=True).content.decode()
    assert "once they are approved. Records being recalculated: 2." in page
    assert "2 records wait for approval" in page
    page = log_in("street", STREET).get("/forms").content.decode()
    assert (
        f'href="/review?form={street.form.form_id}&amp;awaits_approval=true">1 record waits' in page
    )
    page = publisher.post(address, {"needed": "no"}, follow=True).content.decode()
    assert "count in the ledgers at once. Records being recalculated: 2." in page


def test_lists_hold_only_rows_of_the_area(street, log_in):
    client = log_in("street", STREET)
    for page, mine, foreign in (
        ("households", "1-0001", "2-0001"),
        ("persons", "陈大文1", "陈大文2"),
        ("cases", "陈大文1", "陈大文2"),
        ("employers", "示范制衣厂1", "示范制衣厂2"),
        ("vacancies", "示范制衣厂1", "示范制衣厂2"),
    ):
        text = client.get(reverse(f"console:{page}")).content.decode()
        assert mine in text, page
        assert foreign not in text, page


def test_a_grant_that_ended_ends_at_once(street, log_in):
    from server.accounts.models import RoleGrant

    client = log_in("street", STREET)
    assert client.get("/").status_code == 200
    RoleGrant.objects.filter(role="street").delete()
    assert client.get("/").status_code == 403
