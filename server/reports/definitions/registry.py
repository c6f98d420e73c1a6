"""All reports, by their codes."""

from __future__ import annotations

from typing import Final

from server.reports.definitions.assistance import R4, R5
from server.reports.definitions.labour import R2, R3
from server.reports.definitions.market import R1
from server.reports.definitions.petitions import R9
from server.reports.definitions.quality import R10
from server.reports.definitions.retirees import R7
from server.reports.definitions.services import R8
from server.reports.definitions.tables import Report
from server.reports.definitions.vacancies import R6

REPORTS: Final[dict[str, Report]] = {
    report.code: report for report in (R1, R2, R3, R4, R5, R6, R7, R8, R9, R10)
}
