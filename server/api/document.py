"""The OpenAPI document as it is served at /api/v1/schema/ and committed in api_docs/openapi.yaml."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils.encoding import force_bytes
from django.utils.translation import override
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.validation import validate_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class SchemaIsFaulty(Exception):
    """Something in the views cannot be described; the message says what."""


@cache
def document() -> dict[str, Any]:
    """The document, generated once a process because that takes a second. Raises SchemaIsFaulty on any warning."""
    reset_generator_stats()
    with override("en"):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        faults = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
        raise SchemaIsFaulty("\n".join(faults))
    return schema


def text() -> str:
    """The document as YAML, valid against OpenAPI's own schema."""
    validate_schema(document())
    return _rendered("yaml").decode()


@cache
def _rendered(form: str) -> bytes:
    renderer = OpenApiJsonRenderer() if form == "json" else OpenApiYamlRenderer()
    return force_bytes(renderer.render(document(), renderer_context={}))


class SchemaView(SpectacularAPIView):
    """The document, the same for everyone and in one language: labels are in both anyway."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: BaseRenderer = request.accepted_renderer
        return HttpResponse(
            _rendered(renderer.format),
            content_type=renderer.media_type,
            headers={"Content-Disposition": f'inline; filename="ruhu.{renderer.format}"'},
        )
