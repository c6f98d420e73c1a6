"""The Django app of the api room."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers the api room with Django."""

    name = "server.api"
    label = "api"
