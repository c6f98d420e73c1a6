"""The Django app of the geo room."""

from django.apps import AppConfig


class GeoConfig(AppConfig):
    """Registers the geo room with Django."""

    name = "server.geo"
    label = "geo"
