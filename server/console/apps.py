"""The Django app of the console room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "server.console"
    label = "console"
