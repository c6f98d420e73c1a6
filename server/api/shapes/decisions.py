"""Serializers of what office staff decide about ledger entries: moves, corrections, voids, and undoing them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.core.masking import mask_numbers
from server.ledgers.models.choices import ACT_CHOICES, REASON_CHOICES
from server.ledgers.services import NextMove


class MoveSerializer(serializers.Serializer):
    """The state to move to, the values that belong to the move, and why."""

    to = serializers.CharField(max_length=10, help_text="Code of the state.")
    column = serializers.CharField(
        max_length=60,
        required=False,
        default="",
        help_text="The column that holds the state, of a ledger with several; the first by default.",
    )
    values = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        default=dict,
        help_text="Column → value, of the columns that the move needs or takes.",
    )
    reason = serializers.CharField(max_length=1000)
    evidence = serializers.ListField(
        child=serializers.CharField(max_length=10),
        required=False,
        default=list,
        help_text="Documents seen: codes of MAT. With one the move counts as documented (V4).",
    )


class NextMoveSerializer(serializers.Serializer):
    """A state that may follow the present one."""

    column = serializers.CharField(read_only=True)
    to = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    needs = serializers.SerializerMethodField(help_text="Columns that must be given.")
    takes = serializers.SerializerMethodField(help_text="Columns that may be given.")
    needs_evidence = serializers.BooleanField(read_only=True)
    may = serializers.BooleanField(read_only=True, help_text="Whether the caller's roles suffice.")

    def get_needs(self, move: NextMove) -> list[str]:
        return [column.name for column in move.needs]

    def get_takes(self, move: NextMove) -> list[str]:
        return [column.name for column in move.takes]


class CorrectionSerializer(serializers.Serializer):
    """A column, its right value, and why."""

    column = serializers.CharField(max_length=60)
    value = serializers.JSONField()
    reason = serializers.CharField(max_length=1000)


class ActSerializer(serializers.Serializer):
    """Something that office staff decided about an entry; what, shows in the entry."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(read_only=True, choices=ACT_CHOICES)
    column = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    evidence = serializers.ListField(child=serializers.CharField(), read_only=True)
    at = serializers.DateTimeField(read_only=True)
    by = serializers.CharField(read_only=True, source="user.username")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {**shown, "reason": mask_numbers(shown["reason"])}


class CandidateSerializer(serializers.Serializer):
    """An entry that may be the same as this one."""

    entry = serializers.UUIDField(read_only=True)
    score = serializers.IntegerField(
        read_only=True, help_text="The weights of the reasons together; 85 and more is proposed."
    )
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=REASON_CHOICES),
        read_only=True,
        help_text="What speaks for it or against it, the weightiest first.",
    )
    is_proposed = serializers.BooleanField(read_only=True)
    exception = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The open exception that proposes it."
    )


class RelationSerializer(serializers.Serializer):
    """The other entry, and why the two are or are not the same."""

    other = serializers.UUIDField()
    reason = serializers.CharField(max_length=1000)
