import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from server.geo.models import Boundary, Division, Level
from server.geo.problems import BadDivision, BadGeoJson
from server.geo.services import import_divisions

pytestmark = pytest.mark.django_db

SQUARE = [[[113.30, 23.10], [113.40, 23.10], [113.40, 23.20], [113.30, 23.20], [113.30, 23.10]]]
BOW_TIE = [[[113.30, 23.10], [113.40, 23.20], [113.40, 23.10], [113.30, 23.20], [113.30, 23.10]]]


def feature(code="440106003001", *, coordinates=SQUARE, kind="Polygon", **properties):
    geometry = None if coordinates is None else {"type": kind, "coordinates": coordinates}
    properties = {"code": code, "name": "示范社区", "name_en": "Demo", **properties}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features, **members):
    return {"type": "FeatureCollection", "features": list(features), **members}


def test_an_import_builds_the_tree_and_a_second_one_changes_nothing():
    geojson = collection(feature(valid_from="2020-01-01"), feature("440106003", name="示范街道"))

    first = import_divisions(geojson, source="test")
    assert first.created == ["440106003000", "440106003001"]
    assert first.placeholders == ["440000000000", "440100000000", "440106000000"]
    community = Division.objects.get(code="440106003001")
    assert (community.level, community.parent_id) == (Level.COMMUNITY, "440106003000")
    assert community.valid_from == date(2020, 1, 1)
    assert Boundary.objects.get(division=community).outline.srid == 4326

    second = import_divisions(geojson, source="test")
    assert second.unchanged == first.created
    assert [*second.created, *second.updated, *second.placeholders, *second.repaired] == []


def test_a_changed_name_or_outline_is_an_update():
    import_divisions(collection(feature()))
    assert import_divisions(collection(feature(name="新名"))).updated == ["440106003001"]
    smaller = [[*SQUARE[0][:2], [113.35, 23.15], SQUARE[0][0]]]
    changed = feature(name="新名", coordinates=smaller)
    assert import_divisions(collection(changed)).updated == ["440106003001"]
    assert Boundary.objects.count() == 1


def test_a_later_outline_ends_the_earlier_one_in_whatever_order_they_come():
    older = collection(feature())
    newer = collection(feature(outline_from="2026-07-01"))
    for files in ((older, newer, older), (newer, older)):
        Boundary.objects.all().delete()
        for file in files:
            import_divisions(file)
        assert list(
            Boundary.objects.order_by("valid_to").values_list("valid_from", "valid_to")
        ) == [
            (None, date(2026, 7, 1)),
            (date(2026, 7, 1), None),
        ]


def test_successors_are_named_and_must_be_known():
    old = feature("440106003009", valid_to="2026-07-01", successors=["440106003001"])
    with pytest.raises(BadDivision) as caught:
        import_divisions(collection(old))
    assert "440106003001" in caught.value.detail
    assert not Division.objects.exists()

    import_divisions(collection(old, feature()))
    assert Division.objects.get(code="440106003009").successors.get().code == "440106003001"


def test_a_self_crossing_outline_is_repaired_and_reported():
    imported = import_divisions(collection(feature(coordinates=BOW_TIE)))
    assert imported.repaired == ["440106003001"]
    outline = Boundary.objects.get().outline
    assert outline.valid
    assert len(outline) == 2


def test_heights_are_dropped_and_open_rings_closed():
    ring = [[*position, 12.5] for position in SQUARE[0][:-1]]
    imported = import_divisions(collection(feature(coordinates=[[ring]], kind="MultiPolygon")))
    assert imported.repaired == ["440106003001"]
    assert not Boundary.objects.get().outline.hasz


@pytest.mark.parametrize(
    "broken",
    [
        feature("44010"),
        feature("440106003001; drop"),
        feature(name=""),
        feature(name="长" * 101),
        feature(valid_from="yesterday"),
        feature(valid_from="2026-01-01", valid_to="2025-01-01"),
        feature(parent="440200000000"),
        feature(successors="440106003002"),
        feature(coordinates=[], kind="Polygon"),
        feature(coordinates=[[]]),
        feature(coordinates=[[[113, 23], [113, 23], [113, 23], [113, 23]]]),
        feature(coordinates=[[[113, 23], [114, 24], [115, 25], [113, 23]]]),
        feature(coordinates=[[[12612341, 2645123], [12612399, 2645123], [12612399, 2645199]]]),
        feature(coordinates=[[["113", "23"], [114, 23], [114, 24]]]),
        feature(coordinates=[[[float("nan"), 23], [114, 23], [114, 24]]]),
        feature(coordinates=[[113, 23]]),
        feature(coordinates={"type": "exploit"}),
        feature(coordinates=[113.3, 23.1], kind="Point"),
        {"type": "Feature"},
        "feature",
    ],
)
def test_a_broken_feature_is_named_and_nothing_is_imported(broken):
    with pytest.raises(BadDivision) as caught:
        import_divisions(collection(feature("440106003002"), broken))
    assert caught.value.data["number"] == 2
    assert "2" in caught.value.detail
    assert not Division.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        [],
        {},
        {"type": "Polygon"},
        collection(),
        collection(feature(), crs={"type": "name", "properties": {"name": "EPSG:3857"}}),
        collection(feature(), crs="EPSG:4326"),
    ],
)
def test_what_is_no_collection_in_wgs84_is_refused(broken):
    with pytest.raises(BadGeoJson):
        import_divisions(broken)


def test_the_same_code_twice_in_a_file_is_refused():
    with pytest.raises(BadDivision):
        import_divisions(collection(feature(), feature()))


def test_wgs84_named_the_old_way_is_taken():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert import_divisions(collection(feature(), crs=crs)).created == ["440106003001"]


def test_the_command_imports_lists_and_can_try_first(tmp_path, capsys):
    file = tmp_path / "divisions.geojson"
    file.write_text(json.dumps(collection(feature())), encoding="utf-8")

    call_command("divisions", "import", str(file), "--dry-run")
    assert not Division.objects.exists()
    call_command("divisions", "import", str(file), "--json")
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["created"] == ["440106003001"]

    call_command("divisions", "list", "--area", "440106003001", "--json")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["boundaries"] == 1

    file.write_text("not json")
    with pytest.raises(CommandError, match=r"divisions\.geojson"):
        call_command("divisions", "import", str(file))
    with pytest.raises(CommandError):
        call_command("divisions", "import", str(tmp_path / "missing.geojson"))


def test_the_database_refuses_a_code_that_is_no_code():
    with connection.cursor() as cursor, pytest.raises(Exception, match="12_digits"):
        cursor.execute(
            "insert into geo_division (code, level, name, name_en) values ('44x', 1, 'x', '')"
        )
