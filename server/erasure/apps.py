"""The Django app of the erasure room."""

from django.apps import AppConfig


class ErasureConfig(AppConfig):
    """Registers the erasure room with Django."""

    name = "server.erasure"
    label = "erasure"
