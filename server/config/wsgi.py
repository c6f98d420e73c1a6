"""The web application that gunicorn serves."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

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
application = Handler()
