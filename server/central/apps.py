"""The Django app of the central room."""

from django.apps import AppConfig


class CentralConfig(AppConfig):
    """Registers the central room with Django."""

    name = "server.central"
    label = "central"
