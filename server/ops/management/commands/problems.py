"""./ruhu problems: write api_docs/problems.md, or check that it is in step."""

from __future__ import annotations

from server.api.catalogue import page
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the list of everything that can go wrong on the caller's side."
    path = "api_docs/problems.md"

    def content(self) -> str:
        return page()
