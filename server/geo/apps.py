"""The Django app of the geo room."""

from django.apps import AppConfig


class GeoConfig(AppConfig):
    name = "server.geo"
    label = "geo"
