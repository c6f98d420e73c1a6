"""The serializers of what suits a vacancy or a person."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.api.shapes.decisions import ActSerializer
from server.core.codes import code_lists
from server.ledgers.definitions.suitability import Finding, Part
from server.ledgers.selectors import Matched


class MatchReasonSerializer(serializers.Serializer):
    """A part of a match, what it comes to, and its points."""

    part = serializers.ChoiceField(read_only=True, choices=list(Part))
    finding = serializers.ChoiceField(read_only=True, choices=list(Finding))
    points = serializers.IntegerField(read_only=True)
    most = serializers.IntegerField(read_only=True, help_text="The most points of the part.")
    text = serializers.CharField(read_only=True, help_text="In the language of the request.")


class MatchedSerializer(serializers.Serializer):
    """A person or a vacancy that suits, with the reasons."""

    entry = serializers.UUIDField(read_only=True, source="entry.pk")
    area_code = serializers.CharField(read_only=True, source="entry.area_code")
    name = serializers.CharField(
        read_only=True, help_text="The person's name, or the title of the vacancy."
    )
    score = serializers.IntegerField(read_only=True, help_text="0 to 100.")
    rating = serializers.CharField(
        read_only=True, help_text="The score in words, in the language of the request."
    )
    reasons = MatchReasonSerializer(many=True, read_only=True)
    kilometres = serializers.FloatField(
        read_only=True, allow_null=True, help_text="From the home to the workplace."
    )
    offer = serializers.SerializerMethodField(
        help_text="The latest offer of the vacancy to the person; null when there is none."
    )
    offer_state = serializers.SerializerMethodField(help_text="Its state, of ST8.")

    def get_offer(self, row: Matched) -> str | None:
        return str(row.offer.pk) if row.offer else None

    def get_offer_state(self, row: Matched) -> str | None:
        return row.offer.state if row.offer else None


class MatchesSerializer(serializers.Serializer):
    """What suits an entry, at most 50, the best first."""

    candidates = serializers.IntegerField(
        read_only=True,
        help_text="Of the street: those that nothing excludes, counted up to 10,000.",
    )
    compared = serializers.IntegerField(
        read_only=True, help_text="Of how many the best are shown: at most 1,300, the likeliest."
    )
    hindrances = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Why the entry itself suits nothing now, in words; empty when it may.",
    )
    rows: Any = MatchedSerializer(many=True, read_only=True)


class _SuggestionSerializer(serializers.Serializer):
    """Why the vacancy is suggested, and how the person learns of it."""

    reason = serializers.CharField(max_length=1000)
    channel = serializers.ChoiceField(
        choices=sorted(code_lists()["CH"].codes),
        required=False,
        default="",
        help_text="How the person learns of it: a code of CH; leave it out if nobody knows yet.",
    )


class ToPersonSerializer(_SuggestionSerializer):
    """The person to whom a vacancy is suggested, and why."""

    person = serializers.UUIDField()


class OfVacancySerializer(_SuggestionSerializer):
    """The vacancy that is suggested to a person, and why."""

    vacancy = serializers.UUIDField()


class SuggestedSerializer(ActSerializer):
    """The suggestion, and the offer that it made."""

    offer = serializers.UUIDField(read_only=True, source="entry")
