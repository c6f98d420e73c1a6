"""People who log in: their roles, passwords and sessions, for administrators of their areas."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts import identity_provider, second_factors, selectors, services
from server.accounts.access import ADMINISTRATORS
from server.accounts.filters import PersonFilters
from server.accounts.models import User
from server.accounts.problems import UnknownUser
from server.accounts.services import require_over
from server.api.shapes.users import (
    CountSerializer,
    GivenRoleSerializer,
    HandedOutSerializer,
    NewUserSerializer,
    SignInSerializer,
    TakenRoleSerializer,
    UserSerializer,
    UserStateSerializer,
    handed_out,
)
from server.api.views.base import Door
from server.core.request_problems import NothingHere


class Users(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """The people who hold a role in an area that the caller administers; nobody for others."""

    model = User
    holds_persons = False
    lookup_field = "username"
    lookup_value_converter = "str"
    parser_classes = (JSONParser,)
    serializer_class = UserSerializer
    filterset_class = PersonFilters

    def rows(self) -> QuerySet[Any]:
        return selectors.people(self.access)

    def get_object(self) -> User:
        user = self.get_queryset().filter(username=self.kwargs["username"]).first()
        if user is None:
            raise NothingHere
        return user

    @extend_schema(request=NewUserSerializer, responses={201: HandedOutSerializer})
    def create(self, request: Request) -> Response:
        """Make a user. The password is shown only in this answer, and replaced by the person at the first log-in."""
        self.require(ADMINISTRATORS)
        new = services.create_user(**self.read_body(NewUserSerializer), actor=self.user)
        return Response(handed_out(new.user.username, new.password), status=201)

    @extend_schema(request=UserStateSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, username: str) -> Response:
        """Let the user in at all doors, or at none, from the next request on."""
        user = self._person()
        state = self.read_body(UserStateSerializer)
        services.set_active(user=user, is_active=state["active"], actor=self.user)
        return self.retrieve(request, username=username)

    @extend_schema(request=GivenRoleSerializer, responses=UserSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def grant(self, request: Request, username: str) -> Response:
        """Give a role in an area that the caller administers; also to somebody whose other roles are elsewhere."""
        self.require(ADMINISTRATORS)
        services.grant(
            user=selectors.user_named(username),
            **self.read_body(GivenRoleSerializer),
            actor=self.user,
        )
        return self.retrieve(request, username=username)

    @extend_schema(request=TakenRoleSerializer, responses=UserSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def revoke(self, request: Request, username: str) -> Response:
        """Take away a role held in exactly this area, from the next request on; visits up to the last day still count."""
        user = self._person()
        services.take_role(user=user, **self.read_body(TakenRoleSerializer), actor=self.user)
        return Response(self.get_serializer(selectors.users().get(pk=user.pk)).data)

    @extend_schema(request=None, responses={201: HandedOutSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def password(self, request: Request, username: str) -> Response:
        """Replace the password; all sessions end. The new one is shown only in this answer."""
        user = self._person()
        password = services.replace_password(user=user, actor=self.user)
        return Response(handed_out(user.username, password), status=201)

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="end-sessions", filterset_class=None)
    def end_sessions(self, request: Request, username: str) -> Response:
        """End all sessions of the user."""
        return Response({"ended": services.end_sessions(user=self._person(), actor=self.user)})

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="reset-second-factors", filterset_class=None)
    def reset_second_factors(self, request: Request, username: str) -> Response:
        """Remove the second factors of somebody who has lost them; all sessions and tokens end."""
        return Response({"ended": second_factors.reset(user=self._person(), actor=self.user)})

    @extend_schema(responses=SignInSerializer)
    @action(detail=True, methods=["get"], url_path="sign-in", filterset_class=None)
    def sign_in(self, request: Request, username: str) -> Response:
        """The subject of the office's identity provider that the account is linked to; “” for none."""
        user = self._person()
        require_over(user, self.user)
        return Response({"subject": identity_provider.subject_of(user)})

    @extend_schema(request=SignInSerializer, responses=SignInSerializer)
    @sign_in.mapping.put
    def link_sign_in(self, request: Request, username: str) -> Response:
        """Link the account to a subject, in the place of another one. Whoever is that subject signs in as the user."""
        user = self._person()
        identity_provider.link(user=user, **self.read_body(SignInSerializer), actor=self.user)
        return Response({"subject": identity_provider.subject_of(user)})

    @extend_schema(request=None, responses={204: None})
    @sign_in.mapping.delete
    def unlink_sign_in(self, request: Request, username: str) -> Response:
        """Take the link away; all sessions of the user end."""
        identity_provider.unlink(user=self._person(), actor=self.user)
        return Response(status=204)

    def _person(self) -> User:
        """The person, for an administrator. Raises NotAllowed, UnknownUser."""
        self.require(ADMINISTRATORS)
        user = self.get_queryset().filter(username=self.kwargs["username"]).first()
        if user is None:
            raise UnknownUser(username=self.kwargs["username"][:150])
        return user
