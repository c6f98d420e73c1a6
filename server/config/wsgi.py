"""The web application that gunicorn serves."""

import os
from typing import Any

import django
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")


class Request(WSGIRequest):
    """Reads a Content-Type with an unknown character set as none at all, where Django would raise."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (ValueError, LookupError):
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """Django's WSGI application with our Request."""

    request_class = Request


django.setup(set_prefix=False)
# An eighth of a submission's processor time went to what these do after each request. The cache
# is in memory and has nothing to close, no request changes the URLconf, and a connection that
# broke is closed when the next request begins.
for receiver in (close_caches, reset_urlconf, close_old_connections):
    request_finished.disconnect(receiver)
application = Handler()
