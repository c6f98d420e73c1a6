"""The Django app of the disclosure room."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """Registers the disclosure room with Django."""

    name = "server.disclosure"
    label = "disclosure"
