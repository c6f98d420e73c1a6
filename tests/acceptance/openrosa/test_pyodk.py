"""pyodk's whole client surface against /v1: every public method of every service of its client is called, and succeeds."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pyodk.client import Client
from pyodk.errors import PyODKError

from tests.acceptance.openrosa.line import Line, new_id
from tests.acceptance.openrosa.test_central import pyodk_as
from tests.samples import xlsforms

SERVICES: Final = ("projects", "forms", "submissions", "entity_lists", "entities")
AREA: Final = "440106005001"
NAME: Final = f"surface_{secrets.token_hex(4)}"
TREES: Final = f"trees_{secrets.token_hex(4)}"
FORM: Final = """
| survey |
| | type | name | label | media::image |
| | text | species | Species | a.png |
| | geopoint | place | Place | |
| | image | photo | Photo | |
| settings |
| | form_id | form_title | version |
| | {name} | Trees | 1 |
"""


class Watched:
    """A service whose calls are noted."""

    def __init__(self, name: str, service: Any, called: set[str]) -> None:
        self._name, self._service, self._called = name, service, called

    def __getattr__(self, method: str) -> Any:
        self._called.add(f"{self._name}.{method}")
        return getattr(self._service, method)


def public(service: Any) -> Iterator[str]:
    """The names of a service's own public methods."""
    for kind in type(service).__mro__[:-1]:
        for name, value in vars(kind).items():
            if isinstance(value, Callable) and not name.startswith("_"):  # type: ignore[arg-type]
                yield name


@pytest.fixture(scope="module")
def client(line: Line) -> Iterator[Client]:
    with pyodk_as(line, *line.staff.auth) as opened:
        yield opened


def record(instance_id: str, species: str, *, photo: str = "", replaces: str = "") -> str:
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{NAME}" version="1"><species>{species}</species><place>23.1 113.3 0 5</place>'
        f"<photo>{photo}</photo><meta><instanceID>{instance_id}</instanceID>{deprecated}</meta></data>"
    )


def assert_gdal_opens(line: Line, client: Client) -> None:
    """The driver by which QGIS opens such an address finds the record's point."""
    bearer = client.session.headers["Authorization"]
    address = f"{line.office.url}/v1/projects/1/forms/{NAME}/submissions.geojson"
    answer = subprocess.run(
        ["ogrinfo", "-ro", "-al", address],
        env={**os.environ, "GDAL_HTTP_HEADERS": f"Authorization: {bearer}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Feature Count: 1" in answer.stdout, (answer.stdout, answer.stderr)
    assert "POINT Z (113.3 23.1 0)" in answer.stdout


def test_every_method_of_pyodk_succeeds(line: Line, client: Client, tmp_path: Path) -> None:
    called: set[str] = set()
    watched = {name: Watched(name, getattr(client, name), called) for name in SERVICES}
    projects, forms, submissions, lists, entities = (watched[name] for name in SERVICES)

    (project,) = projects.list()
    assert projects.get() == project
    picture, book = tmp_path / "a.png", tmp_path / "form.xlsx"
    picture.write_bytes(b"\x89PNG")
    book.write_bytes(xlsforms.workbook(FORM.format(name=NAME)))
    forms.create(book, attachments=[picture], form_id=NAME)
    assert NAME in {form.xmlFormId for form in forms.list()}
    assert forms.get(NAME).version == "1"
    assert NAME in forms.get_xml(NAME)
    with pytest.raises(
        PyODKError
    ) as refused:  # several areas are this person's: which, pyodk cannot say
        projects.create_app_users(["Wu"], forms=[NAME])
    assert refused.value.is_central_error(400.3)

    name, edited = new_id(), new_id()
    photo = tmp_path / "p.jpg"
    photo.write_bytes(b"\xff\xd8")
    made = submissions.create(
        record(name, "Oak", photo="p.jpg"), NAME, device_id="collect:1", attachments=[photo]
    )
    assert [(file.name, file.exists) for file in made.attachments] == [("p.jpg", True)]
    assert submissions.get(name, NAME).instanceId == name
    assert [each.instanceId for each in submissions.list(NAME)] == [name]
    submissions.edit(
        name, record(edited, "Elm", photo="p.jpg", replaces=name), NAME, comment="it is an elm"
    )
    submissions.add_comment(name, "seen", form_id=NAME)
    submissions.review(name, "hasIssues", NAME, comment="which elm?")
    assert {"seen", "which elm?"} <= {each.body for each in submissions.list_comments(name, NAME)}
    (row,) = submissions.get_table(
        NAME,
        table_name="Submissions",
        skip=0,
        top=5,
        count=True,
        wkt=False,
        filter=None,
        expand=None,
    )["value"]
    assert row["species"] == "Elm"

    assert_gdal_opens(line, client)

    assert lists.create(approval_required=False, entity_list_name=TREES).name == TREES
    assert lists.add_property("species", entity_list_name=TREES)
    assert [each.name for each in lists.get(TREES).properties] == ["species"]
    assert TREES in {each.name for each in lists.list()}
    oak = entities.create("Oak", {"species": "oak"}, TREES)
    entities.create_many(
        [{"label": "Elm", "species": "elm"}, {"label": "Ash", "species": "ash"}], TREES
    )
    assert len(entities.list(TREES)) == 3
    assert (
        entities.update(oak.uuid, TREES, label="Old oak", base_version=1).currentVersion.label
        == "Old oak"
    )
    merged = entities.merge(
        [{"label": "Old oak", "species": "quercus", "girth": "9"}, {"label": "Fir", "species": "fir"}],
        TREES, delete_not_matched=True,
    )  # fmt: skip
    assert (len(merged.to_insert), len(merged.to_update), len(merged.to_delete)) == (1, 1, 2)
    table = entities.get_table(TREES, count=True)
    assert {each["label"]: each["girth"] for each in table["value"]} == {
        "Old oak": "9",
        "Fir": "",
    }
    assert entities.delete(oak.uuid, TREES)

    picture.write_bytes(b"\x89PNG 2")
    forms.update(NAME, attachments=[picture])
    client.patch(f"projects/1/forms/{NAME}", json={"state": "closed"}).raise_for_status()
    expected = {f"{name}.{method}" for name in SERVICES for method in public(getattr(client, name))}
    assert expected - called == set(), "a method of pyodk that nobody called"
    assert len(expected) >= 24


def test_app_users_of_one_area_are_made_with_their_forms(line: Line, client: Client) -> None:
    staff = f"desk_{secrets.token_hex(3)}"
    session = line.office.add_user(staff, "administrator", AREA)
    with pyodk_as(line, *session.auth) as own:
        (user,) = own.projects.create_app_users([f"Wu {staff}"])
        assert user.token
        assert own.projects.create_app_users([f"Wu {staff}"]) == []
