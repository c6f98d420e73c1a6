"""./ruhu database: write api_docs/database.md, or check that it is in step."""

from __future__ import annotations

from server.ops.database_page import page
from server.ops.generated import GeneratedFileCommand


class Command(GeneratedFileCommand):
    help = "Write the page of tables, columns and relations from the models."
    path = "api_docs/database.md"

    def content(self) -> str:
        return page()
