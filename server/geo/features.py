"""Reads the divisions in a GeoJSON file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.gis.geos import MultiPolygon
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server.geo.codes import whole_code
from server.geo.outlines import BadOutline, outline_of
from server.geo.problems import BadDivision, BadGeoJson


@dataclass(frozen=True, slots=True)
class Feature:
    """A division as the file describes it."""

    number: int  # in the file, from 1
    code: str
    name: str
    name_en: str
    valid_from: date | None
    valid_to: date | None
    parent: str | None
    successors: tuple[str, ...]
    outline_from: date | None
    outline: MultiPolygon | None
    repaired: bool

    def refuse(self, reason: str | Promise) -> BadDivision:
        """The problem to raise about this feature."""
        return BadDivision(number=self.number, feature=self.code, reason=reason)


def features_of(geojson: Any) -> list[Feature]:
    """The divisions of a FeatureCollection, checked one by one. Raises BadGeoJson, BadDivision."""
    if not isinstance(geojson, dict) or geojson.get("type") != "FeatureCollection":
        raise BadGeoJson(reason=_("It is not a FeatureCollection."))
    if not _is_wgs84(geojson.get("crs")):
        raise BadGeoJson(reason=_("It names another reference system than WGS 84."))
    listed = geojson.get("features")
    if not isinstance(listed, list) or not listed:
        raise BadGeoJson(reason=_("It has no features."))
    features = [_feature(number, raw) for number, raw in enumerate(listed, start=1)]
    codes: set[str] = set()
    for feature in features:
        if feature.code in codes:
            raise feature.refuse(_("The code occurs twice in the file."))
        codes.add(feature.code)
    return features


def _feature(number: int, raw: Any) -> Feature:
    properties = raw.get("properties") if isinstance(raw, dict) else None
    if not isinstance(properties, dict) or raw.get("type") != "Feature":
        raise BadDivision(number=number, feature="?", reason=_("It is not a GeoJSON Feature."))
    shown = str(properties.get("code") or properties.get("name") or "?")[:60]

    def refuse(reason: str | Promise) -> BadDivision:
        return BadDivision(number=number, feature=shown, reason=reason)

    def code(value: Any) -> str:
        whole = whole_code(str(value))
        if whole is None:
            raise refuse(
                _("“{code}” is not a division code: 2, 4, 6, 9 or 12 digits.").format(
                    code=str(value)[:20]
                )
            )
        return whole

    def day(name: str) -> date | None:
        value = properties.get(name)
        try:
            return date.fromisoformat(str(value)) if value not in (None, "") else None
        except ValueError:
            raise refuse(
                _("{property} must be a date such as 2026-01-31.").format(property=name)
            ) from None

    name = str(properties.get("name") or "").strip()
    name_en = str(properties.get("name_en") or "").strip()
    if not name or max(len(name), len(name_en)) > 100:
        raise refuse(_("A name of at most 100 characters is needed."))
    valid_from, valid_to = day("valid_from"), day("valid_to")
    if valid_from and valid_to and valid_to <= valid_from:
        raise refuse(_("valid_to must come after valid_from."))
    successors = properties.get("successors") or []
    if not isinstance(successors, list):
        raise refuse(_("successors must be a list of codes."))
    outline, repaired = None, False
    if raw.get("geometry") is not None:
        try:
            outline, repaired = outline_of(raw["geometry"])
        except BadOutline as error:
            raise refuse(error.reason) from None
    parent = properties.get("parent")
    return Feature(
        number=number,
        code=code(properties.get("code", "")),
        name=name,
        name_en=name_en,
        valid_from=valid_from,
        valid_to=valid_to,
        parent=code(parent) if parent not in (None, "") else None,
        successors=tuple(sorted({code(successor) for successor in successors})),
        outline_from=day("outline_from") or valid_from,
        outline=outline,
        repaired=repaired,
    )


def _is_wgs84(crs: Any) -> bool:
    """Whether the coordinates are WGS 84: RFC 7946 has no `crs`, but the older member is accepted if it says WGS 84."""
    if crs is None:
        return True
    name = crs.get("properties", {}).get("name", "") if isinstance(crs, dict) else ""
    return str(name).upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326"))
