"""Reads of divisions: their names, which community a point lies in, and their outlines on map tiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q, QuerySet

from server.core import clock
from server.geo import tiles
from server.geo.codes import ancestors_of_prefix, code_prefix
from server.geo.models import ChangeKind, Division, DivisionChange, Level

if TYPE_CHECKING:
    from server.accounts.access import Access


def divisions(access: Access) -> QuerySet[Division]:
    """The divisions of the user's areas, and the divisions above them for orientation."""
    return Division.objects.filter(access.within("code") | Q(code__in=_above(access.areas())))


def divisions_inside(access: Access) -> QuerySet[Division]:
    """The divisions that lie inside the user's areas, counties to communities, by code."""
    return Division.objects.filter(access.within("code"), level__gte=Level.COUNTY).order_by("code")


def _above(areas: Iterable[str]) -> list[str]:
    return sorted({code for area in areas for code in ancestors_of_prefix(area)})


def division_names(codes: Iterable[str], *, on: date | None = None) -> dict[str, str]:
    """Names in the active language by 12-digit code, those of today or of the day `on`; unknown codes are absent."""
    codes = list(codes)
    names = {division.code: str(division) for division in Division.objects.filter(code__in=codes)}
    for change in _since(codes, on):
        names[change.division_id] = change.shown_before
    return names


def as_named_on(divisions: Iterable[Division], day: date) -> list[Division]:
    """The same divisions, not to be saved, with the names that they had on the day."""
    listed = {division.code: division for division in divisions}
    for change in _since(list(listed), day):
        division = listed[change.division_id]
        division.name, division.name_en = change.name_before, change.name_en_before
    return list(listed.values())


def _since(codes: list[str], day: date | None) -> Iterable[DivisionChange]:
    """The changes of name that stand and took effect after the day, the newest first; none for today and later days."""
    if day is None or day >= clock.today():
        return ()
    return DivisionChange.objects.filter(
        kind=ChangeKind.RENAME, division__in=codes, undone_at=None, takes_effect_on__gt=day
    ).order_by("-takes_effect_on")


def names_before(codes: Iterable[str]) -> dict[str, set[str]]:
    """Division code → the names that it had before its changes of name, in Chinese and English."""
    names: dict[str, set[str]] = defaultdict(set)
    for change in DivisionChange.objects.filter(division__in=list(codes), undone_at=None):
        names[change.division_id] |= {change.name_before, change.name_en_before} - {""}
    return names


def division_changes(access: Access) -> QuerySet[DivisionChange]:
    """The changes of name and code of the divisions that the reader sees, the newest first; undone ones, too."""
    return DivisionChange.objects.filter(division__in=divisions(access)).select_related(
        "division", "made_by", "undone_by"
    )


def codes_of_place(code: str) -> set[str]:
    """The division's code and every code of the same place before and since, across splits and mergers."""
    codes = {code}
    fresh = codes
    while fresh:
        links = Division.successors.through.objects.filter(
            Q(from_division__in=fresh) | Q(to_division__in=fresh)
        ).values_list("from_division", "to_division")
        fresh = {end for link in links for end in link} - codes
        codes |= fresh
    return codes


def same_ground(areas: Collection[str]) -> set[str]:
    """The codes that ground wholly inside the areas had before or has since, beside the areas' own. One query.

    An abolished division counts if all its successors lie inside, a new one if all that it was
    made of does: whoever worked in a part works in no other part by it. A division that was
    there before it took in another is not new.
    """
    links = Division.successors.through.objects.order_by()
    before: dict[str, set[str]] = defaultdict(set)
    since: dict[str, set[str]] = defaultdict(set)
    older = set()
    for old, ended, new, began in links.values_list(
        "from_division", "from_division__valid_to", "to_division", "to_division__valid_from"
    ):
        before[new].add(old)
        if ended is not None:
            since[old].add(new)
        if began is None or (ended is not None and began < ended):
            older.add(new)
    inside = {code for code in {*before, *since} if _covers(areas, code)}
    codes = set(inside)
    while True:
        fresh = {old for old, successors in since.items() if successors <= codes}
        fresh |= {new for new, parts in before.items() if parts <= codes and new not in older}
        if fresh <= codes:
            return {code_prefix(code) for code in codes - inside}
        codes |= fresh


def _covers(areas: Collection[str], code: str) -> bool:
    return any(code.startswith(area) for area in areas)


def locate(
    points: Sequence[tuple[float, float]], *, days: Sequence[date | None] | None = None
) -> list[str]:
    """The code of the community that each (longitude, latitude) lies in, "" for none; one query for all.

    `days` gives the day whose boundaries count for each point; None means today. A point on
    a shared border belongs to the division with the smaller code, so the answer never varies.
    """
    if not points:
        return []
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select point.place, min(boundary.division_id)
              from unnest(%s::float8[], %s::float8[], %s::date[])
                   with ordinality as point (lon, lat, day, place)
              join geo_boundary boundary
                on st_covers(boundary.outline, st_setsrid(st_makepoint(lon, lat), 4326))
               and (boundary.valid_from is null or boundary.valid_from <= point.day)
               and (boundary.valid_to is null or boundary.valid_to > point.day)
              join geo_division division
                on division.code = boundary.division_id and division.level = %s
             group by point.place
            """,
            [
                [lon for lon, _lat in points],
                [lat for _lon, lat in points],
                [day or today for day in days] if days else [today] * len(points),
                Level.COMMUNITY,
            ],
        )
        communities = dict(cursor.fetchall())
    return [communities.get(place, "") for place in range(1, len(points) + 1)]


def metres_outside(
    places: Sequence[tuple[str, float, float]],
) -> list[float | None]:
    """The metres by which each (division code, longitude, latitude) lies outside that division; 0 inside.

    None if the division has no boundary. Every boundary the division ever had counts, so that
    a moved border puts no older position outside. Compare the distance with the accuracy of the position.
    """
    if not places:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select place.number, min(st_distance(
                       boundary.outline::geography,
                       st_setsrid(st_makepoint(lon, lat), 4326)::geography))
              from unnest(%s::text[], %s::float8[], %s::float8[])
                   with ordinality as place (code, lon, lat, number)
              join geo_boundary boundary on boundary.division_id = place.code collate "C"
             group by place.number
            """,
            [list(column) for column in zip(*places, strict=True)],
        )
        distances = dict(cursor.fetchall())
    return [distances.get(number) for number in range(1, len(places) + 1)]


def centroids(codes: Iterable[str]) -> dict[str, tuple[float, float]]:
    """(longitude, latitude) of a point inside each division, by its newest boundary; divisions without one are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select distinct on (division_id) division_id, st_x(inside), st_y(inside)
              from geo_boundary, st_transform(web_label, 4326) as inside
             where division_id = any(%s)
             order by division_id, valid_from desc nulls last
            """,
            [list(codes)],
        )
        return {code: (lon, lat) for code, lon, lat in cursor.fetchall()}


def extent(access: Access, area: str = "") -> tuple[float, float, float, float] | None:
    """West, south, east and north of the user's areas in degrees, for the map's first view; None without boundaries.

    `area`, a prefix, narrows them to a division.
    """
    areas = [inner for own in access.areas() if (inner := _narrower(own, area)) is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select st_xmin(box), st_ymin(box), st_xmax(box), st_ymax(box)
              from (select st_extent(outline) as box from geo_boundary
                     where division_id like any(%s)) as whole
            """,
            [[f"{area}%" for area in areas]],
        )
        west, south, east, north = cursor.fetchone()
    return None if west is None else (west, south, east, north)


def _narrower(area: str, other: str) -> str | None:
    """The longer of two prefixes of which one begins with the other; None where they lie apart."""
    if area.startswith(other):
        return area
    return other if other.startswith(area) else None


def division_tile(access: Access, z: int, x: int, y: int) -> bytes:
    """A vector tile of the plain base map with the layers `divisions` (outlines) and `labels` (points) of today.

    Properties: code, level, name, name_en. Holds only the levels drawn at the zoom, with
    outlines simplified to a quarter of a pixel. Raises NoSuchTile.
    """
    tile = tiles.Tile.at(z, x, y)
    areas = access.areas()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            with {tile.bounds_sql},
            visible as materialized (
              select division.code, division.level, division.name, division.name_en,
                     boundary.web_outline, boundary.web_label
                from geo_boundary boundary
                join geo_division division on division.code = boundary.division_id
               where boundary.web_outline && (select padded from bounds)
                 and (division.code like any(%(areas)s) or division.code = any(%(above)s))
                 and division.level = any(%(levels)s)
                 and (division.valid_to is null or division.valid_to > %(today)s)
                 and (boundary.valid_from is null or boundary.valid_from <= %(today)s)
                 and (boundary.valid_to is null or boundary.valid_to > %(today)s)
            ),
            outlines as (
              select code, level, name, name_en,
                     st_asmvtgeom(st_simplify(web_outline, {tile.pixel / 4}, true),
                                  (select tile from bounds)) as geom
                from visible
            ),
            names as (
              select code, level, name, name_en,
                     st_asmvtgeom(web_label, (select tile from bounds), buffer => 0) as geom
                from visible
               where web_label && (select tile from bounds)
            )
            select (select st_asmvt(outlines, 'divisions') from outlines where geom is not null)
                || (select st_asmvt(names, 'labels') from names where geom is not null)
            """,  # noqa: S608 only numbers computed here are inserted
            {
                "areas": [f"{area}%" for area in areas],
                "above": _above(areas),
                "levels": [int(level) for level in tiles.levels_drawn(z)],
                "today": clock.today(),
            },
        )
        (mvt,) = cursor.fetchone()
    return bytes(mvt)
