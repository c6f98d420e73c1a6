"""./ruhu conformance: write api_docs/openrosa-conformance.md, or check that it is in step."""

from __future__ import annotations

from importlib import import_module

from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the page of OpenRosa demands and the tests that show each."
    path = "api_docs/openrosa-conformance.md"

    def content(self) -> str:
        # By name: the server imports nothing of the tests, and runs without pytest.
        page: str = import_module("tests.acceptance.openrosa.checklist").page()
        return page
