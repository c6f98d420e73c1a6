"""The running office and the form engines that the acceptance tests share."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.acceptance.engine import Engine, java_rosa, web_forms
from tests.acceptance.office import FORMS, Office
from tests.samples.xlsforms import committed

# Five communities side by side; each a tenth of a degree would be far too large for a street.
WEST, SOUTH, SIDE = 113.34, 23.13, 0.01


def _square(column: int) -> dict[str, object]:
    x, y = WEST + column * SIDE, SOUTH
    ring = [[x, y], [x + SIDE, y], [x + SIDE, y + SIDE], [x, y + SIDE], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def divisions_geojson() -> dict[str, object]:
    """A county with a street of two communities and three of one, each with its outline."""
    rows = [
        ("440000000000", "广东省", None),
        ("440100000000", "广州市", None),
        ("440106000000", "天河区", None),
        ("440106003000", "石牌街道", None),
        ("440106003001", "示范一社区", _square(0)),
        ("440106003002", "示范二社区", _square(1)),
        ("440106005000", "五山街道", None),
        ("440106005001", "邻街社区", _square(2)),
        ("440106007000", "员村街道", None),
        ("440106007001", "临江社区", _square(3)),
        ("440106009000", "车陂街道", None),
        ("440106009001", "东圃社区", _square(4)),
    ]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": outline}
            for code, name, outline in rows
        ],
    }


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server with the three forms published and the divisions imported."""
    from django.db import connection

    parameters = connection.get_connection_params()
    dsn = {
        key: str(parameters[key])
        for key in ("host", "port", "user", "password")
        if parameters.get(key)
    }
    dsn["dbname"] = "postgres"
    office = Office(tmp_path_factory.mktemp("office"), dsn)
    try:
        office.open()
        map_file = office.folder / "divisions.geojson"
        map_file.write_text(json.dumps(divisions_geojson()), encoding="utf-8")
        office.run("divisions", "import", str(map_file))
        office.run(
            "publish", "--no-validate", *map(str, FORMS)
        )  # tests/unit/test_xlsforms.py validates them
        yield office
    finally:
        office.close()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Collect's form engine, one Java process for all tests."""
    with java_rosa() as running:
        yield running


@pytest.fixture(scope="session")
def web_engine() -> Iterator[Engine]:
    """ODK Web Forms' form engine, one Node.js process for all tests."""
    with web_forms() as running:
        yield running


@pytest.fixture(scope="session")
def xforms() -> dict[str, bytes]:
    """The committed forms as XForms, by form id; not from a server."""
    return {file.stem: committed(file.stem) for file in FORMS}
