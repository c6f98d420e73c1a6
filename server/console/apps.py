"""The Django app of the console room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Registers the console room with Django."""

    name = "server.console"
    label = "console"
