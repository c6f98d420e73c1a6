"""./ruhu problems: write api_docs/problems.md, or check that it is in step."""

from __future__ import annotations

from server.api.catalogue import page
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the list of all problems that the server reports to a client."
    path = "api_docs/problems.md"

    def content(self) -> str:
        return page()
