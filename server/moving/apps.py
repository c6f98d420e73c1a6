"""The Django app of the moving room."""

from django.apps import AppConfig


class MovingConfig(AppConfig):
    """Registers the moving room with Django."""

    name = "server.moving"
    label = "moving"
