"""The Django app of the openrosa room."""

from django.apps import AppConfig


class OpenrosaConfig(AppConfig):
    """Registers the openrosa room with Django."""

    name = "server.openrosa"
    label = "openrosa"
