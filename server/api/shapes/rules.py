"""The serializers of the rule table."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.rule_keys import Topic
from server.ledgers.refolding.previewing import Preview

SAMPLE = 50
"""Entries that a preview names."""


class RulesAskedSerializer(serializers.Serializer):
    """Where and when the values hold that are listed."""

    area = serializers.CharField(
        default="",
        allow_blank=True,
        help_text="Code of a division, or its leading digits; everywhere without it.",
    )
    on = serializers.DateField(required=False, help_text="Today without it.")


class RuleValueSerializer(serializers.Serializer):
    """A value that somebody decided for an area and days."""

    id = serializers.IntegerField(read_only=True)
    key = serializers.CharField(read_only=True)
    area = serializers.CharField(
        read_only=True, source="area_code", help_text="Leading digits; empty for everywhere."
    )
    value = serializers.CharField(read_only=True)
    since = serializers.DateField(read_only=True)
    until = serializers.DateField(
        read_only=True, allow_null=True, help_text="The first day on which it holds no longer."
    )
    reason = serializers.CharField(read_only=True)
    decided_at = serializers.DateTimeField(read_only=True)
    decided_by = serializers.CharField(read_only=True, source="decided_by.username")
    withdrawn_at = serializers.DateTimeField(read_only=True, allow_null=True)
    withdrawn_by = serializers.CharField(
        read_only=True, allow_null=True, source="withdrawn_by.username", default=None
    )
    withdrawn_because = serializers.CharField(read_only=True)


class StandingRuleSerializer(serializers.Serializer):
    """A rule, the value in force in an area on a day, and what was decided about it there."""

    key = serializers.CharField(read_only=True, source="rule.key")
    purpose = serializers.ChoiceField(read_only=True, choices=Topic.choices, source="rule.topic")
    label = serializers.CharField(read_only=True, source="rule.label")  # type: ignore[assignment]
    takes = serializers.CharField(
        read_only=True, source="rule.takes", help_text="Which values fit."
    )
    clause = serializers.CharField(
        read_only=True, source="rule.clause", help_text="Empty for the office's own choice."
    )
    decided_by = serializers.CharField(
        read_only=True,
        source="rule.changer.name",
        help_text="STREET, COUNTY or PROVINCE, whose administrators decide it; RELEASE: nobody does.",
    )
    value = serializers.CharField(
        read_only=True, allow_null=True, help_text="Null where no value is in force."
    )
    in_words = serializers.CharField(read_only=True)
    shipped = serializers.CharField(
        read_only=True, allow_null=True, help_text="What holds where nobody decided otherwise."
    )
    history = RuleValueSerializer(many=True, read_only=True)


class ProposedRuleSerializer(serializers.Serializer):
    """A value of a rule from a day on."""

    key = serializers.CharField(max_length=60)
    area = serializers.CharField(
        max_length=12, allow_blank=True, help_text="Code of a division; empty for everywhere."
    )
    value = serializers.CharField(max_length=60)
    since = serializers.DateField()
    until = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The first day on which it holds no longer.",
    )


class NewRuleSerializer(ProposedRuleSerializer):
    """The same with the reason, which stays with it."""

    reason = serializers.CharField(max_length=500, allow_blank=True)


class RuleReasonSerializer(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=500, allow_blank=True)


class ForeseenChangeSerializer(serializers.Serializer):
    """Rows of a ledger of which a column would differ."""

    ledger = serializers.CharField()
    column = serializers.CharField(help_text="Empty where whole rows would come or go.")
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField(help_text="Of codes and of yes or no; empty for others.")
    after = serializers.CharField()
    rows = serializers.IntegerField()


class ForeseenEntrySerializer(serializers.Serializer):
    """An entry that would differ."""

    ledger = serializers.CharField()
    id = serializers.UUIDField()
    columns = serializers.ListField(child=serializers.CharField())


class RulePreviewSerializer(serializers.Serializer):
    """What a rule would change, as of a day."""

    day = serializers.DateField()
    compared = serializers.IntegerField(help_text="Rows that were folded.")
    changed = serializers.IntegerField(help_text="Rows that would differ.")
    cut = serializers.ListField(
        child=serializers.CharField(),
        help_text="Ledgers of which the area has more entries than were folded.",
    )
    changes = ForeseenChangeSerializer(many=True)
    sample = ForeseenEntrySerializer(many=True, help_text=f"The first {SAMPLE} of them.")


def plain_preview(foreseen: Preview) -> dict[str, Any]:
    """A preview as plain values for RulePreviewSerializer."""
    return {
        "day": foreseen.day,
        "compared": foreseen.compared.total(),
        "changed": len(foreseen.entries),
        "cut": sorted(foreseen.cut),
        "changes": [
            {
                "ledger": ledger,
                "column": column,
                "label": str((COLUMNS[ledger].get(column) or DEFINITIONS[ledger]).label),
                "before": before,
                "after": after,
                "rows": rows,
            }
            for (ledger, column, before, after), rows in sorted(foreseen.columns.items())
        ],
        "sample": [
            {"ledger": ledger, "id": entry, "columns": columns}
            for (ledger, entry), columns in sorted(foreseen.entries.items())[:SAMPLE]
        ],
    }
