"""The Django app of the forms room."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "server.forms"
    label = "forms"
