"""What can be wrong with divisions from outside, and with requests for tiles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class BadGeoJson(Problem):
    """The file as a whole is no GeoJSON of divisions."""

    type = "bad-geojson"
    status = 400
    title = _("The divisions file cannot be read")
    template = _(
        "{reason} Send a GeoJSON FeatureCollection of divisions in WGS 84 (RFC 7946), UTF-8."
    )


class BadDivision(Problem):
    """One feature of the file cannot be taken; nothing of the file is."""

    type = "bad-division"
    status = 422
    title = _("A division in the file is not valid")
    template = _(
        "Feature {number} ({feature}): {reason} Nothing was imported; correct the file and import it again."
    )


class NoSuchTile(Problem):
    """The tile address lies outside the map."""

    type = "no-such-tile"
    status = 404
    title = _("There is no such map tile")
    template = _("Tile {z}/{x}/{y} does not exist: zoom 0–22, and 2^zoom columns and rows.")
