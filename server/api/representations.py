"""In what form an answer goes out: JSON, or GeoJSON where rows have a place."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework_gis.serializers import GeoFeatureModelSerializer


class GeoJson(JSONRenderer):
    """RFC 7946; asked for by `?format=geojson` or `Accept: application/geo+json`."""

    media_type = "application/geo+json"
    format = "geojson"


class Negotiation(DefaultContentNegotiation):
    """An unknown `?format=` is a format that is not to be had, not an address that does not exist."""

    def filter_renderers(self, renderers: Iterable[Any], format: str) -> list[Any]:
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            raise NotAcceptable(available_renderers=list(renderers))
        return found


class Bytes(BaseRenderer):
    """Files as they are. Only negotiates; the views answer with the file themselves."""

    media_type = "*/*"
    format = "bytes"
    charset = None

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Reached by problems alone, which are JSON."""
        return JSONRenderer().render(data)


@cache
def as_features(
    serializer: type[serializers.Serializer], model: type, *, place: str, key: str = "id"
) -> type[GeoFeatureModelSerializer]:
    """The same rows as GeoJSON features: `place` becomes the geometry, `key` the id."""
    meta = type(
        "Meta",
        (),
        {
            "model": model,
            "geo_field": place,
            "id_field": key,
            "fields": list(serializer._declared_fields),  # type: ignore[attr-defined]
        },
    )
    name = serializer.__name__.removesuffix("Serializer") + "FeatureSerializer"
    return type(name, (GeoFeatureModelSerializer, serializer), {"Meta": meta})
