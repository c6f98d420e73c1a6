"""The Django app of the openrosa room."""

from django.apps import AppConfig


class OpenrosaConfig(AppConfig):
    name = "server.openrosa"
    label = "openrosa"
