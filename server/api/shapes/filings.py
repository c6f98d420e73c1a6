"""Serializers of reports that are sent in: their states, frozen tables, corrections and sums."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.accounts.access import Access
from server.api.fields import MaskedTextField
from server.api.shapes.reports import AskedSerializer, ReportSerializer, plain_table
from server.reports.corrections import Correction, Difference, Sum
from server.reports.course import RULES, State
from server.reports.definitions.periods import LATEST_START, period_named
from server.reports.filings import (
    frozen_table,
    last_frozen,
    period_of,
    steps_open_to,
)
from server.reports.models import Filing


class BoardAskedSerializer(AskedSerializer):
    """Of which division and period; all reports, or those of a kind."""

    report = serializers.CharField(required=False, default="", help_text="R2; all when left out.")
    known_by = None  # type: ignore[assignment]


class NewFilingSerializer(serializers.Serializer):
    """Which report is begun."""

    report = serializers.CharField(help_text="R2")
    area = serializers.RegexField(r"^\d{12}$", help_text="Division code of 12 digits.")
    period = serializers.CharField(help_text="2026-09, 2026Q3 or 2026.")
    starts_on = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=LATEST_START
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The period as such. Raises BadPeriod."""
        attrs["period"] = period_named(attrs["period"], attrs.pop("starts_on"))
        return attrs


class FilingActSerializer(serializers.Serializer):
    """What is done with a report, and why."""

    act = serializers.ChoiceField(choices=[(step.value, step.label) for step in RULES])
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=2000,
        help_text="Needed for returning and withdrawing, and for checking a report of which a balance does not hold.",
    )  # fmt: skip


class FilingStepSerializer(serializers.Serializer):
    """What was done with a report."""

    act = serializers.CharField(source="step")
    state = serializers.CharField(source="to")
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()
    reason = MaskedTextField(allow_blank=True)
    failed = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="[balance, row] that did not hold.",
    )
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the table that was frozen.")


class FrozenReportSerializer(serializers.Serializer):
    """A frozen table."""

    known_by = serializers.DateTimeField(help_text="When it was submitted: what was known then.")
    signer = serializers.CharField()
    sha256 = serializers.CharField(help_text="Verified against what is stored.")
    table = ReportSerializer()


class FilingSerializer(serializers.Serializer):
    """A report on its way to the office above."""

    id = serializers.IntegerField()
    report = serializers.CharField()
    area = serializers.CharField()
    period = serializers.CharField()
    starts_on = serializers.IntegerField()
    due_on = serializers.DateField()
    state = serializers.ChoiceField(choices=State.choices)
    acts = serializers.ListField(
        child=serializers.CharField(), help_text="That the caller may take now."
    )
    steps = FilingStepSerializer(many=True)
    frozen = FrozenReportSerializer(allow_null=True, help_text="The table that was submitted last.")


class StandingSerializer(serializers.Serializer):
    """Where the report of a division stands; id and state are null where nobody has prepared it."""

    report = serializers.CharField(source="report.code")
    area = serializers.CharField(source="division.code")
    area_name = serializers.CharField(source="division")
    id = serializers.IntegerField(source="filing.pk", default=None, allow_null=True)
    state = serializers.CharField(source="filing.state", default=None, allow_null=True)
    due_on = serializers.DateField()
    submitted_on = serializers.DateField(allow_null=True)
    is_overdue = serializers.BooleanField()
    is_late = serializers.BooleanField()


class ReportLateSerializer(serializers.Serializer):
    """An entry behind a difference."""

    ledger = serializers.CharField()
    entry = serializers.UUIDField()
    area_code = serializers.CharField()
    times = serializers.FloatField(
        help_text="How many times, or how much, more it counts now than then."
    )


class ReportDifferenceSerializer(serializers.Serializer):
    """A cell that differs, with the entries that explain it."""

    row = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    column = serializers.CharField()
    title = serializers.CharField(source="label")
    then = serializers.JSONField(allow_null=True)
    now = serializers.JSONField(allow_null=True)
    entries = ReportLateSerializer(many=True)
    hidden = serializers.IntegerField(help_text="Entries that the caller may not see.")
    left_off = serializers.IntegerField(help_text="Beyond the first 50.")
    unexplained = serializers.FloatField(help_text="Of entries that were erased since.")


class ReportCorrectionSerializer(serializers.Serializer):
    """A correction report: the frozen table, the present one, and what differs."""

    frozen = ReportSerializer()
    present = ReportSerializer()
    differences = ReportDifferenceSerializer(many=True)


class ReportSumDifferenceSerializer(serializers.Serializer):
    """A cell of which the sum is not what the division counts itself."""

    row = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    column = serializers.CharField()
    title = serializers.CharField()
    summed = serializers.JSONField(allow_null=True)
    own = serializers.JSONField(allow_null=True)


class ReportSumSerializer(serializers.Serializer):
    """The sum of the frozen reports right below, beside the division's own numbers."""

    summed = ReportSerializer()
    own = ReportSerializer()
    differences = ReportSumDifferenceSerializer(many=True)
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Divisions that have not sent theirs in."
    )


def plain_filing(access: Access, filing: Filing) -> dict[str, Any]:
    """A report with its steps and its frozen table in plain values. Raises FrozenAltered."""
    frozen = last_frozen(filing)
    period = period_of(filing)
    return {
        "id": filing.pk,
        "report": filing.report,
        "area": filing.area_code,
        "period": period.name,
        "starts_on": period.starts_on,
        "due_on": filing.due_on,
        "state": filing.state,
        "acts": [rule.step for rule in steps_open_to(access, filing)],
        "steps": list(filing.steps.select_related("by").defer("content")),
        "frozen": frozen
        and {
            "known_by": frozen[0].known_by,
            "signer": frozen[0].signer,
            "sha256": frozen[1].sha256,
            "table": plain_table(frozen_table(access, frozen[0])),
        },
    }


def plain_correction(correction: Correction) -> dict[str, Any]:
    """A correction report in plain values."""
    return {
        "frozen": plain_table(correction.frozen),
        "present": plain_table(correction.present),
        "differences": correction.differences,
    }


def plain_sum(total: Sum) -> dict[str, Any]:
    """A sum in plain values."""
    return {
        "summed": plain_table(total.summed),
        "own": plain_table(total.own),
        "differences": [_of_sum(difference) for difference in total.differences],
        "missing": [division.code for division in total.missing],
    }


def _of_sum(difference: Difference) -> dict[str, Any]:
    return {
        "row": difference.row,
        "name": difference.name,
        "column": difference.column,
        "title": difference.label,
        "summed": difference.then,
        "own": difference.now,
    }
