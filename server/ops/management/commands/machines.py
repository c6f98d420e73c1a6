"""./ruhu machines: write api_docs/machines.md, or check that it is in step."""

from __future__ import annotations

from server.ledgers.definitions.drawing import page
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Draw the state machines of the ledgers from their declarations."
    path = "api_docs/machines.md"

    def content(self) -> str:
        return page()
