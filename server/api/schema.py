"""The OpenAPI schema: operations by tag, with code lists, GeoJSON and problems added to the views' own."""

from __future__ import annotations

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from server.api.fields import component_of
from server.core.codes import code_lists

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. The types are listed in api_docs/problems.md.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri", "example": "urn:ruhu:problem:not-found"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {
            "type": "string",
            "description": "Of an unforeseen error; name it when you report the error.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body, or # and a parameter's name.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

POSITION = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
POINT = {
    "type": "object",
    "description": "GeoJSON, WGS 84: longitude, latitude.",
    "required": ["type", "coordinates"],
    "properties": {"type": {"type": "string", "enum": ["Point"]}, "coordinates": POSITION},
}
FEATURE = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": ["object", "null"]},
        "properties": {"type": "object", "description": "The row without its place."},
    },
}
FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "count": {"type": "integer"},
        "next": {"type": ["string", "null"]},
        "previous": {"type": ["string", "null"]},
        "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
    },
}
EXTRA = {
    "Problem": PROBLEM,
    "Point": POINT,
    "Feature": FEATURE,
    "FeatureCollection": FEATURES,
}


class Schema(AutoSchema):
    """Groups operations by the first part of their path."""

    def get_tags(self) -> list[str]:
        tokens = [part for part in self.path.split("/") if part]
        return [tokens[2] if len(tokens) > 2 else "schema"]

    def map_renderers(self, attribute: str) -> list[str]:
        """The media types without GeoJSON, which is added afterwards because its shape differs."""
        media_types: list[str] = super().map_renderers(attribute)
        return [media for media in media_types if media != "application/geo+json"]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None and self.method == "GET":
            _add_geojson(operation, self.view)
        return operation


def _add_geojson(operation: dict[str, Any], view: Any) -> None:
    if not getattr(view, "place", "") or view.action not in ("list", "retrieve"):
        return
    shape = "FeatureCollection" if view.action == "list" else "Feature"
    operation["responses"]["200"]["content"]["application/geo+json"] = {
        "schema": {"$ref": f"#/components/schemas/{shape}"}
    }


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Spectacular's POSTPROCESSING_HOOK: adds components that no serializer makes, and problems to every operation."""
    schemas = result["components"]["schemas"]
    schemas.update(EXTRA)
    schemas.update(_code_lists(str(result)))
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    problem = {
        "description": "A problem document.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = problem
    return result


def _code_lists(written: str) -> dict[str, Any]:
    """The code lists that the document refers to, each code with its labels in both languages."""
    return {
        component_of(name): {
            "type": "string",
            "title": f"{codes.label.zh} {codes.label.en}",
            "enum": list(codes.codes),
            "description": "\n".join(
                f"* `{code}` {label.zh} {label.en}" for code, label in codes.codes.items()
            ),
        }
        for name, codes in code_lists().items()
        if f"/schemas/{component_of(name)}'" in written
    }


class _TokenLogin(OpenApiAuthenticationExtension):
    target_class = "server.api.requests.TokenLogin"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class _SessionLogin(SessionScheme):
    target_class = "server.api.requests.SessionLogin"
    priority = 1


class _PasswordLogin(OpenApiAuthenticationExtension):
    target_class = "server.api.requests.PasswordLogin"
    name = "password"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "basic"}
