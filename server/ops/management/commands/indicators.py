"""./ruhu indicators: write api_docs/indicators.md, or check that it is in step."""

from __future__ import annotations

from server.ops.generated import GeneratedFileCommand
from server.reports.definitions.page import page


class Command(GeneratedFileCommand):
    help = "Write the page of reports and indicators from their declarations."
    path = "api_docs/indicators.md"

    def content(self) -> str:
        return page()
