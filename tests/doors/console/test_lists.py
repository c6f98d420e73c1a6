"""The console's pages of entity lists of the office's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.datasets.models import Dataset, DatasetProperty, Entity
from server.datasets.services import NewEntity, create_entities
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import AT
from tests.factories.roles import OTHER_STREET

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(divisions, make_user) -> Entity:
    """A tree of a community, in a list that says where each tree stands."""
    from server.accounts.access import access_of

    trees = Dataset.objects.create(
        name="trees", areas=[STREET], area_property="area", created_at=AT
    )
    for name in ("height", "area"):
        DatasetProperty.objects.create(dataset=trees, name=name, created_at=AT)
    staff = make_user("planter")
    (entity,) = create_entities(
        dataset=trees, new=[NewEntity("榕树", {"height": "3", "area": COMMUNITY})], actor=staff,
        access=access_of(staff), at=AT,
    )  # fmt: skip
    return entity


def shown(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.content
    return response.content.decode()


def test_a_list_and_its_entities_are_shown_to_their_area(tree, log_in) -> None:
    clerk, stranger = log_in("street", STREET), log_in("street", OTHER_STREET)
    assert "trees" in shown(clerk, "/lists")
    assert "榕树" in shown(clerk, "/lists/trees")
    assert "榕树" in shown(clerk, f"/lists/trees/{tree.uuid}")
    assert "榕树" not in shown(stranger, "/lists/trees")
    shown(stranger, f"/lists/trees/{tree.uuid}", 404)
    shown(clerk, "/lists/nothing", 404)
    assert "Publish a form" not in shown(clerk, "/lists")
    Entity.objects.all().delete()
    assert "The list is empty" in shown(clerk, "/lists/trees")


def test_an_entity_is_changed_deleted_and_restored(tree, log_in) -> None:
    clerk, path = log_in("street", STREET), f"/lists/trees/{tree.uuid}"
    given: dict[str, Any] = {"label": "榕树", "value-height": "4", "value-area": COMMUNITY}
    assert clerk.post(f"{path}/change", {**given, "version": "1"}).status_code == 302
    assert "<s>3</s>" in shown(clerk, path)
    assert clerk.post(f"{path}/change", {**given, "version": "1"}).status_code == 409
    assert clerk.post(f"{path}/delete", {}).status_code == 400
    assert clerk.post(f"{path}/delete", {"reason": "felled"}).status_code == 302
    assert "榕树" in shown(clerk, "/lists/trees?gone=1")
    assert "榕树" not in shown(clerk, "/lists/trees")
    assert clerk.post(f"{path}/restore").status_code == 302
    assert "榕树" in shown(clerk, "/lists/trees")
    worker = log_in("worker", COMMUNITY)
    assert worker.post(f"{path}/delete", {"reason": "felled"}).status_code == 403
    assert (
        log_in("street", OTHER_STREET).post(f"{path}/delete", {"reason": "no"}).status_code == 404
    )


def test_a_file_is_uploaded_whole_or_not_at_all(tree, log_in) -> None:
    clerk = log_in("street", STREET)

    def upload(text: str, encoding: str = "utf-8") -> int:
        file = SimpleUploadedFile("trees.csv", text.encode(encoding), "text/csv")
        response = clerk.post("/lists/trees/upload", {"file": file})
        return response.status_code

    assert upload(f"label,height,area\n榕树二,5,{COMMUNITY}\n木棉,6,{COMMUNITY}\n") == 302
    assert upload(f"label,area\n紫荆,{COMMUNITY}\n", "gb18030") == 302
    assert upload("label\n榄仁\n", "utf-8-sig") == 302
    assert sorted(entity.label for entity in Entity.objects.all()) == sorted(
        ["榕树", "榕树二", "木棉", "紫荆", "榄仁"]
    )
    for wrong in (
        "height\n5\n", "label,width\na,1\n", "label\n", "label,height\na\n", "label\n \n",
        "label,__id\na,no\n", f"label,area\na,{OTHER_STREET}001\n",
    ):  # fmt: skip
        assert upload(wrong) in (400, 403), wrong
    assert clerk.post("/lists/trees/upload").status_code == 400
    assert Entity.objects.count() == 5


def test_an_administrator_of_the_list_says_who_has_it(tree, log_in) -> None:
    administrator = log_in("administrator", STREET)
    page = "/lists/trees/set-up"
    assert (
        administrator.post(page, {"area_property": "", "needs_approval": "yes"}).status_code == 302
    )
    dataset = Dataset.objects.get()
    assert (dataset.area_property, dataset.needs_approval) == ("", True)
    assert Entity.objects.get().is_shared
    assert administrator.post(page, {"area_property": "none"}).status_code == 400
    assert (
        log_in("administrator", OTHER_STREET).post(page, {"area_property": ""}).status_code == 403
    )
    assert log_in("street", STREET).post(page, {"area_property": ""}).status_code == 403
