"""Serializers of links between offices."""

from __future__ import annotations

from rest_framework import serializers

from server.ledgers.definitions.vocabulary import OF_LINKS
from server.ledgers.models import EntryLink
from server.ledgers.models.choices import ACT_CHOICES, FAMILY_CHOICES, LINK_CHOICES

STATEMENTS = [(value, label) for value, label in ACT_CHOICES if value in OF_LINKS]


class LinkSerializer(serializers.Serializer):
    """One office's side of a link between its entry and another office's; no value of the other's is in it."""

    id = serializers.UUIDField(read_only=True)
    ledger = serializers.ChoiceField(read_only=True, choices=FAMILY_CHOICES, source="family")
    entry = serializers.UUIDField(read_only=True, help_text="This office's own entry.")
    area_code = serializers.CharField(read_only=True, help_text="This office.")
    other_office = serializers.CharField(
        read_only=True, help_text="The office that knows the same number."
    )
    number = serializers.ChoiceField(
        read_only=True,
        choices=EntryLink.Kind.choices,
        source="kind",
        help_text="The kind of number that both know.",
    )
    state = serializers.ChoiceField(read_only=True, choices=LINK_CHOICES)
    moved_to = serializers.CharField(
        read_only=True, help_text="The office whose entry counts, when the state is moved."
    )
    asked = serializers.ChoiceField(
        read_only=True,
        choices=[("", ""), *STATEMENTS],
        help_text="What an office stated and the other has not answered.",
    )
    asked_by = serializers.CharField(read_only=True, help_text="The office that stated it.")
    awaits_us = serializers.BooleanField(
        read_only=True, help_text="Whether this office has to answer."
    )
    agreed_on = serializers.DateField(
        read_only=True,
        allow_null=True,
        help_text="The day on which silence has agreed to the move; null: only an answer agrees.",
    )
    needs_county = serializers.BooleanField(
        read_only=True, help_text="So many moves were confirmed that day that the county decides."
    )
    opened_at = serializers.DateTimeField(read_only=True)


class StatementSerializer(serializers.Serializer):
    """What the desk states, and why."""

    kind = serializers.ChoiceField(choices=STATEMENTS)
    reason = serializers.CharField(max_length=500)


class DeclaredSerializer(serializers.Serializer):
    """One value that the other office states."""

    office = serializers.CharField(read_only=True, help_text="Whose value it is.")
    ledger = serializers.CharField(read_only=True)
    column = serializers.CharField(read_only=True)
    value = serializers.CharField(read_only=True, help_text="Masked where the column is sealed.")


class LinkActSerializer(serializers.Serializer):
    """Something that this office's desk stated about a link."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(read_only=True, choices=STATEMENTS)
    reason = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    by = serializers.CharField(read_only=True, source="user.username")
    undone_at = serializers.DateTimeField(read_only=True, allow_null=True)
