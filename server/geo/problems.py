"""Problems of imported divisions and of requests for map tiles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class BadGeoJson(Problem):
    """The file is not GeoJSON, or not a FeatureCollection of divisions."""

    type = "bad-geojson"
    status = 400
    title = _("The divisions file cannot be read")
    template = _(
        "{reason} Send a GeoJSON FeatureCollection of divisions in WGS 84 (RFC 7946), UTF-8."
    )


class BadDivision(Problem):
    """A feature of the divisions file is not valid; nothing of the file was imported."""

    type = "bad-division"
    status = 422
    title = _("A division in the file is not valid")
    template = _(
        "Feature {number} ({feature}): {reason} Nothing was imported; correct the file and import it again."
    )


class NoSuchTile(Problem):
    """The zoom, column or row of the tile lies outside the map."""

    type = "no-such-tile"
    status = 404
    title = _("There is no such map tile")
    template = _(
        "Tile {z}/{x}/{y} does not exist. Zoom runs from 0 to 22; a zoom level has 2^zoom columns and rows."
    )


class ChangeRefused(Problem):
    """The change of a division cannot be made or undone."""

    type = "division-change-refused"
    status = 409
    title = _("The division cannot be changed so")
    template = _("{reason} Nothing was changed.")
