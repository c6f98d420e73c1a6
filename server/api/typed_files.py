"""A ledger's whole list as a file whose columns have types: GeoPackage for QGIS, Parquet for data people.

Made of the same lines as CSV (ledger_files.py), without what makes texts inert in spreadsheets. GeoPackage is
OGC 12-128r19, a database of SQLite; Parquet has the place as GeoParquet 1.1 describes it. Each file begins once it is whole.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from typing import IO, Any, Final

from django.db.models import QuerySet
from rest_framework import serializers

from server.api.fields import ColumnField
from server.api.ledger_files import columns_shown, lines_of, parts_of
from server.core.plain import dumps
from server.ledgers.definitions.columns import Kind

_WGS_84: Final = 4326
_WKB_POINT: Final = struct.Struct("<BIdd")  # little-endian, a point, longitude, latitude
_GP_HEAD: Final = struct.pack(
    "<2sBBi", b"GP", 0, 1, _WGS_84
)  # version 1, no envelope, little-endian
_SCHEMA: Final = f"""
pragma application_id = {0x47504B47};
pragma user_version = 10300;
create table gpkg_spatial_ref_sys (srs_name text not null, srs_id integer primary key,
  organization text not null, organization_coordsys_id integer not null, definition text not null, description text);
create table gpkg_contents (table_name text primary key, data_type text not null, identifier text unique,
  description text default '', last_change datetime not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  min_x double, min_y double, max_x double, max_y double, srs_id integer references gpkg_spatial_ref_sys);
create table gpkg_geometry_columns (table_name text primary key references gpkg_contents, column_name text not null,
  geometry_type_name text not null, srs_id integer not null references gpkg_spatial_ref_sys, z tinyint not null, m tinyint not null);
"""
_WKT: Final = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS: Final = (
    ("WGS 84", _WGS_84, "EPSG", _WGS_84, _WKT),
    ("Undefined Cartesian", -1, "NONE", -1, "undefined"),
    ("Undefined geographic", 0, "NONE", 0, "undefined"),
)
_TYPES: Final[dict[Kind | None, str]] = {Kind.INTEGER: "integer", Kind.BOOLEAN: "boolean", Kind.DECIMAL: "double", Kind.DATE: "date", Kind.INSTANT: "datetime"}  # fmt: skip
_LISTS: Final = ("elsewhere", "withheld", "masked")


def geopackage(
    rows: QuerySet[Any], serializer: serializers.Serializer, table: str, title: str, place: str
) -> IO[bytes]:
    """A GeoPackage with the rows as a table of features; rows without a place are in it, too."""
    kinds, columns = _kinds(serializer), columns_shown(serializer)
    made = [_MAKERS.get(kinds.get(name), _text) for name in columns]
    made[columns.index(place)] = _geometry
    declared = ", ".join(
        f'"{name}" {"point" if name == place else _TYPES.get(kinds.get(name), "text")}'
        for name in columns
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ledger.gpkg")
        store = sqlite3.connect(path, isolation_level=None)
        try:
            store.executescript(f"pragma journal_mode = off; pragma synchronous = off; {_SCHEMA}")
            store.execute("begin")
            store.executemany(
                "insert into gpkg_spatial_ref_sys values (?, ?, ?, ?, ?, null)", _SYSTEMS
            )
            store.execute(f'create table "{table}" (fid integer primary key, {declared})')
            store.execute(
                "insert into gpkg_contents (table_name, data_type, identifier, srs_id) values (?, 'features', ?, ?)",
                (table, title, _WGS_84),
            )
            store.execute(
                "insert into gpkg_geometry_columns values (?, ?, 'POINT', ?, 0, 0)",
                (table, place, _WGS_84),
            )
            lines = csv.reader(lines_of(parts_of(rows, serializer, is_inert=False)))
            store.executemany(
                f'insert into "{table}" values (null{", ?" * len(columns)})',  # noqa: S608 of declarations
                ([make(cell) for make, cell in zip(made, line, strict=True)] for line in lines),
            )
            store.execute("commit")
        finally:
            store.close()
        return open(path, "rb")


def _text(cell: str) -> str | None:
    return cell or None


def _geometry(cell: str) -> bytes | None:
    return _GP_HEAD + _point(cell) if cell else None


def _point(cell: str) -> bytes:
    """A place that is written as GeoJSON as WKB."""
    return _WKB_POINT.pack(1, 1, *json.loads(cell)["coordinates"])


_MAKERS: Final[dict[Kind | None, Callable[[str], Any]]] = {
    Kind.INTEGER: lambda cell: int(cell) if cell else None,
    Kind.DECIMAL: lambda cell: float(cell) if cell else None,
    Kind.BOOLEAN: lambda cell: int(cell == "True") if cell else None,
    Kind.INSTANT: lambda cell: f"{cell[:23]}Z" if cell else None,  # milliseconds
}


def parquet(rows: QuerySet[Any], serializer: serializers.Serializer, place: str) -> IO[bytes]:
    """A Parquet file of the rows; codes of a list are a list, the place is WKB."""
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import csv as sheets
    from pyarrow import parquet as files

    kinds, columns = _kinds(serializer), columns_shown(serializer)
    types: dict[Kind | None, Any] = {
        Kind.INTEGER: pa.int64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.DECIMAL: pa.decimal128(14, 2),
        Kind.DATE: pa.date32(),
        Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    }
    read = {name: types.get(kinds.get(name), pa.string()) for name in columns}
    lists = {name for name in columns if kinds.get(name) is Kind.CODES}
    written = {
        name: pa.list_(pa.string()) if name in lists else pa.binary() if name == place else kind
        for name, kind in read.items()
    }
    schema = pa.schema(list(written.items()), metadata=_geo_metadata(place))
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    with files.ParquetWriter(file, schema, compression="zstd") as out:
        for part in parts_of(rows, serializer, is_inert=False):
            table = sheets.read_csv(
                pa.BufferReader(part),
                sheets.ReadOptions(column_names=columns, block_size=max(len(part), 1)),
                sheets.ParseOptions(newlines_in_values=True),
                sheets.ConvertOptions(
                    column_types=read, null_values=[""], strings_can_be_null=True,
                    quoted_strings_can_be_null=True, true_values=["True"], false_values=["False"],
                ),
            )  # fmt: skip
            arrays = [
                compute.split_pattern(column, " ") if name in lists
                else pa.array([cell and _point(cell) for cell in column.to_pylist()], pa.binary()) if name == place
                else column
                for name, column in zip(columns, table.columns, strict=True)
            ]  # fmt: skip
            out.write_table(pa.table(arrays, schema=schema))
    file.seek(0)
    return file


def _geo_metadata(place: str) -> dict[str, str]:
    """What GeoParquet 1.1 says of the column of the place; longitude and latitude of WGS 84 are its default."""
    if not place:
        return {}
    column = {"encoding": "WKB", "geometry_types": ["Point"]}
    return {"geo": dumps({"version": "1.1.0", "primary_column": place, "columns": {place: column}})}


def _kinds(serializer: serializers.Serializer) -> dict[str, Kind]:
    """The kind of each column; none for one that every row has and that is a text."""
    kinds: dict[str, Kind] = dict.fromkeys(_LISTS, Kind.CODES)
    for name, field in serializer.fields.items():
        if isinstance(field, ColumnField):
            kinds[str(name)] = field.column.kind
        elif isinstance(field, serializers.IntegerField):
            kinds[str(name)] = Kind.INTEGER
        elif isinstance(field, serializers.DateTimeField):
            kinds[str(name)] = Kind.INSTANT
        elif isinstance(field, serializers.DateField):
            kinds[str(name)] = Kind.DATE
    return kinds
