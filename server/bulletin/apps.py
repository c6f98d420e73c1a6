"""The Django app of the bulletin room."""

from django.apps import AppConfig


class BulletinConfig(AppConfig):
    """Registers the bulletin room with Django."""

    name = "server.bulletin"
    label = "bulletin"
