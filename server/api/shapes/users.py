"""Serializers of users and their roles."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.accounts import selectors
from server.accounts.models import Role, User
from server.api import requests
from server.api.shapes.forms import AreasField

AREA_HELP = "Division code or its leading digits; “” is everywhere."


class RoleSerializer(serializers.Serializer):
    """A role in an area."""

    role = serializers.ChoiceField(choices=Role.choices)
    area = serializers.RegexField(r"^\d{0,12}\Z", allow_blank=True, help_text=AREA_HELP)


class GivenRoleSerializer(RoleSerializer):
    """A role to give, with its first day."""

    since = serializers.DateField(
        required=False, help_text="The first day; today if left out. None to come."
    )


class TakenRoleSerializer(RoleSerializer):
    """A role to take away, with its last day."""

    until = serializers.DateField(
        required=False, help_text="The last day; today if left out. None to come."
    )
    is_revoked = serializers.BooleanField(
        default=False,
        help_text="True: records of visits up to the last day that arrive from now on do not count, either.",
    )


class UserSerializer(serializers.Serializer):
    """A person who logs in, with the roles in the areas that the caller administers."""

    username = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    active = serializers.BooleanField(read_only=True, source="is_active")
    roles = serializers.SerializerMethodField(help_text="Each with its first day.")
    former_roles = serializers.SerializerMethodField(
        help_text="Roles that were taken away, each with its first and last day, the latest first."
    )
    elsewhere = serializers.SerializerMethodField(
        help_text="Whether roles are held in other areas, too: then only their administrators decide about the account as a whole."
    )
    must_choose_password = serializers.BooleanField(
        read_only=True, help_text="The password was handed out and not yet replaced by the person."
    )
    created_at = serializers.DateTimeField(read_only=True)

    def get_roles(self, user: User) -> list[dict[str, str]]:
        access = requests.access(self.context["request"])
        grants = selectors.administered_grants(access, user)
        return [
            {"role": grant.role, "area": grant.area, "since": str(grant.since)} for grant in grants
        ]

    def get_former_roles(self, user: User) -> list[dict[str, Any]]:
        access = requests.access(self.context["request"])
        return [
            {
                "role": was.role,
                "area": was.area,
                "since": str(was.since),
                "until": str(was.until),
                "is_revoked": was.is_revoked,
            }
            for was in selectors.administered_former_grants(access, user)
        ]

    def get_elsewhere(self, user: User) -> bool:
        return not selectors.is_administered(requests.access(self.context["request"]), user)


class NewUserSerializer(serializers.Serializer):
    """A new user, who holds one role in the areas."""

    username = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=100, default="", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)
    areas = AreasField(allow_empty=False)


class UserStateSerializer(serializers.Serializer):
    """Whether the user is let in at any door."""

    active = serializers.BooleanField()


class HandedOutSerializer(serializers.Serializer):
    """A password made here, shown only in this answer; the person must choose another one first."""

    username = serializers.CharField()
    password = serializers.CharField()


class SignInSerializer(serializers.Serializer):
    """The name by which the office's identity provider knows the person."""

    subject = serializers.CharField(max_length=191)


class CountSerializer(serializers.Serializer):
    """How many were ended or removed."""

    ended = serializers.IntegerField()


def handed_out(username: str, password: str) -> Any:
    """The answer with a password that was just made."""
    return HandedOutSerializer({"username": username, "password": password}).data
