"""The map: page, tiles, search, popup."""

from __future__ import annotations

import mapbox_vector_tile
import pytest
from django.urls import reverse

from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET

pytestmark = pytest.mark.django_db

TILE = (15, 26701, 14219)
FOREIGN_TILE = (15, 26703, 14219)


def households(response) -> list[dict]:
    layer = mapbox_vector_tile.decode(response.content).get("households", {"features": []})
    return [feature["properties"] for feature in layer["features"]]


def test_tiles_hold_my_households_by_category(street, log_in):
    client = log_in()
    address = reverse("console:assisted-tile", args=TILE)
    (shown,) = households(client.get(address))
    assert (shown["id"], shown["categories"]) == (str(street.household.pk), "B01")
    assert households(client.get(address + "?categories=B01"))
    assert not households(client.get(address + "?categories=B07"))
    assert not households(client.get(address + "?categories=B02"))
    trusted = log_in("street", STREET, "restricted")
    assert households(trusted.get(address + "?categories=B02"))
    assert not households(client.get(reverse("console:assisted-tile", args=FOREIGN_TILE)))


def test_an_unchanged_tile_is_not_sent_again(street, log_in):
    client = log_in()
    address = reverse("console:assisted-tile", args=TILE)
    first = client.get(address)
    assert first.headers["Cache-Control"].startswith("private")
    again = client.get(address, headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_tile_that_cannot_be_is_refused(street, log_in):
    assert log_in().get("/tiles/assisted/1/5/5").status_code in (400, 404)
    assert log_in().get("/tiles/divisions/1/5/5").status_code in (400, 404)


def test_search_finds_by_name_and_address_within_the_area(street, log_in):
    client = log_in()
    for text in ("陈大文", "棠荫路", "1-0001"):
        results = client.get("/map/search", {"q": text}).content.decode()
        assert str(street.household.pk) in results, text
        assert str(street.foreign_household.pk) not in results, text
    assert "No assisted household matches." in client.get("/map/search?q=x").content.decode()
    assert client.get("/map/search?q=").content.decode().strip() == ""


def test_the_popup_leads_to_the_household(street, log_in):
    page = log_in().get(reverse("console:map-popup", args=[street.household.pk])).content.decode()
    assert reverse("console:household", args=[street.household.pk]) in page


def test_filter_chips_name_only_categories_that_occur(street, log_in):
    page = log_in().get("/map").content.decode()
    assert 'value="B01"' in page
    assert 'value="B07"' not in page
    assert 'value="B02"' not in page


def test_search_does_not_tell_of_households_with_only_restricted_categories(street, log_in):
    street.household.assisted_categories = ["B02"]
    street.household.save()
    clerk, trusted = log_in(), log_in("street", STREET, "restricted")
    assert "data-fly" not in clerk.get("/map/search", {"q": "陈大文"}).content.decode()
    assert "data-fly" in trusted.get("/map/search", {"q": "陈大文"}).content.decode()


def test_the_address_holds_the_filters_and_the_list_has_what_is_in_view(street, log_in):
    client = log_in()
    page = client.get(f"/map?area={COMMUNITY}&assisted_categories=B01").content.decode()
    assert f'<option value="{COMMUNITY}" selected>' in page
    assert 'value="B01" checked' in page
    place = street.household.loc
    around = f"{place.x - 0.01},{place.y - 0.01},{place.x + 0.01},{place.y + 0.01}"
    listed = client.get("/map/in-view", {"in_bbox": around}).content.decode()
    assert f'href="/households/{street.household.pk}"' in listed
    for narrowed in (
        {"in_bbox": "1,1,2,2"},
        {"in_bbox": around, "due": "today"},
        {"in_bbox": around, "area": OTHER_COMMUNITY},
        {"in_bbox": around, "assisted_categories": "B07"},
    ):
        text = client.get("/map/in-view", narrowed).content.decode()
        assert str(street.household.pk) not in text, narrowed
        assert "No assisted household is in view." in text
    assert client.get("/map/in-view?in_bbox=x").status_code == 400
    stranger = log_in("street", "440106005")
    assert str(street.household.pk) not in stranger.get("/map/in-view").content.decode()


def test_tiles_are_narrowed_as_the_list_is(street, log_in):
    client = log_in()
    address = reverse("console:assisted-tile", args=TILE)
    assert households(client.get(f"{address}?area={COMMUNITY}&assisted_categories=B01"))
    for query in (f"area={OTHER_COMMUNITY}", "due=today", "case_worker=999999"):
        assert not households(client.get(f"{address}?{query}")), query
    assert households(client.get(f"{address}?case_worker=x&area=x&due=x"))
