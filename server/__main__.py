"""`python -m server COMMAND`: Django's management commands, in the language of the terminal."""

import os
import sys

import django
from django.core.management import execute_from_command_line
from django.utils import translation

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")
    django.setup()
    language = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    translation.activate("zh-hans" if language.lower().startswith("zh") else "en")
    execute_from_command_line(["./ruhu", *sys.argv[1:]])
