"""The Django app of the datasets room."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Registers the datasets room with Django."""

    name = "server.datasets"
    label = "datasets"
