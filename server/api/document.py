"""The OpenAPI document as it is served at /api/v1/schema/ and committed in api_docs/openapi.yaml."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.validation import validate_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class SchemaIsFaulty(Exception):
    """Something in the views cannot be described; the message tells what."""


def document() -> dict[str, Any]:
    """The document, valid against OpenAPI's own schema. Raises SchemaIsFaulty on any warning."""
    reset_generator_stats()
    with override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(found)
    if GENERATOR_STATS:
        faults = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
        raise SchemaIsFaulty("\n".join(faults))
    return found


def text() -> str:
    """The document as YAML."""
    written: bytes = OpenApiYamlRenderer().render(document(), renderer_context={})
    return written.decode()


class SchemaView(SpectacularAPIView):
    """The document, the same for everyone and in one language: labels are in both anyway."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with override("en"):
            response: Response = super().get(request, *args, **kwargs)
        return response
