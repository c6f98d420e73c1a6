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
    """RFC 7946, for `?format=geojson` or `Accept: application/geo+json`."""

    media_type = "application/geo+json"
    format = "geojson"


class Negotiation(DefaultContentNegotiation):
    """Answers an unknown `?format=` with 406, where DRF would answer 404."""

    def filter_renderers(self, renderers: Iterable[Any], format: str) -> list[Any]:
        matching = [renderer for renderer in renderers if renderer.format == format]
        if not matching:
            raise NotAcceptable(available_renderers=list(renderers))
        return matching


class Bytes(BaseRenderer):
    """Takes part in content negotiation for views that answer with a file."""

    media_type = "*/*"
    format = "bytes"
    charset = None

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Only problems are rendered here, as JSON."""
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
