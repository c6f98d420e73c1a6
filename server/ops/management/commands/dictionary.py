"""./ruhu dictionary: write api_docs/dictionary.md, or check that it is in step."""

from __future__ import annotations

from server.ledgers.definitions.dictionary import page
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the data dictionary from the declarations of the ledgers' columns."
    path = "api_docs/dictionary.md"

    def content(self) -> str:
        return page()
