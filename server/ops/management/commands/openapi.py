"""./ruhu openapi: write api_docs/openapi.yaml, or check that it is in step."""

from __future__ import annotations

from server.api.document import text
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the OpenAPI document of the REST interface."
    path = "api_docs/openapi.yaml"

    def content(self) -> str:
        return text()
