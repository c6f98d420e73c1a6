"""The Django app of the imports room."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Registers the imports room with Django."""

    name = "server.imports"
    label = "imports"
