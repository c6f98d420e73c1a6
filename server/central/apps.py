"""The Django app of the central room."""

from django.apps import AppConfig


class CentralConfig(AppConfig):
    name = "server.central"
    label = "central"
