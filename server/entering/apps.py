"""The Django app of the entering room."""

from django.apps import AppConfig


class EnteringConfig(AppConfig):
    """Registers the entering room with Django."""

    name = "server.entering"
    label = "entering"
