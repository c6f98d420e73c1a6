"""Divisions, exceptions, and the phones of field workers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts import collect
from server.accounts import selectors as accounts
from server.accounts import services as account_services
from server.accounts.access import REVIEWERS, Access
from server.accounts.filters import FieldAccountFilters
from server.accounts.models import FieldAccount, Role, User
from server.accounts.phone_settings import chosen_for_each
from server.accounts.problems import UnknownUser
from server.api.shapes.office import (
    DivisionOutlineSerializer,
    DivisionSerializer,
    EndedSerializer,
    EndingSerializer,
    ExceptionDetailSerializer,
    ExceptionSerializer,
    FieldAccountSerializer,
    LostPhoneSerializer,
    NewCodesSerializer,
    NewFieldAccountSerializer,
    ResolveSerializer,
    SetUpSerializer,
)
from server.api.views.base import Door
from server.core.clock import now
from server.core.request_problems import NotAllowed, NothingHere
from server.geo import selectors as geo
from server.geo.filters import DivisionFilters
from server.geo.models import Boundary, Division
from server.ledgers import selectors as ledgers
from server.ledgers import services as ledger_services
from server.ledgers.definitions.resolutions import Resolution
from server.ledgers.filters import ExceptionFilters
from server.ledgers.models import LedgerException


class Divisions(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """The divisions of the caller's areas and those above them; as GeoJSON with their outlines."""

    model = Division
    holds_persons = False
    place = "outline"
    feature_key = "code"
    lookup_field = "code"
    lookup_value_converter = "str"
    serializer_class = DivisionSerializer
    filterset_class = DivisionFilters

    def rows(self) -> QuerySet[Any]:
        rows = geo.divisions(self.access).order_by("code")
        if not self._wants_geojson():
            return rows
        outlines = Boundary.objects.filter(division=OuterRef("pk")).order_by("-valid_from", "-pk")
        return rows.annotate(outline=Subquery(outlines.values("outline")[:1]))

    def get_object(self) -> Division:
        division = self.get_queryset().filter(code=self.kwargs["code"]).first()
        if division is None:
            raise NothingHere
        return division

    def get_serializer_class(self) -> Any:
        return DivisionOutlineSerializer if self._wants_geojson() else DivisionSerializer


class Exceptions(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Exceptions: what the ledgers cannot decide by themselves."""

    model = LedgerException
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = ExceptionSerializer
    filterset_class = ExceptionFilters

    def get_serializer_class(self) -> Any:
        if self.action in ("list", None):
            return ExceptionSerializer
        return ExceptionDetailSerializer

    def rows(self) -> QuerySet[Any]:
        return (
            ledgers.with_records(self.access, ledgers.exceptions(self.access))
            .select_related("resolved_by")
            .order_by("-opened_at", "-pk")
        )

    def get_object(self) -> LedgerException:
        exception = self.get_queryset().filter(pk=self.kwargs["id"]).first()
        if exception is None:
            raise NothingHere
        return exception

    @extend_schema(request=ResolveSerializer, responses=ExceptionDetailSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def resolve(self, request: Request, id: int) -> Response:
        """Resolve the exception by one of its suggestions, or with a note alone. Undone as one by `undo`."""
        exception = self.get_object()
        self.require(REVIEWERS, exception.area_code)
        body = self.read_body(ResolveSerializer)
        ledger_services.settle(
            exception=exception,
            note=body.pop("note"),
            choice=ledger_services.Choice(**{**body, "resolution": Resolution(body["resolution"])}),
            user=self.user,
            access=self.access,
            at=now(),
        )
        return self.retrieve(request, id=id)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], filterset_class=None)
    def undo(self, request: Request, id: int) -> Response:
        """Take back how the exception was resolved, with the act that resolved it.

        It is open again where its cause still exists; else it is gone.
        """
        exception = self.get_object()
        self.require(REVIEWERS, exception.area_code)
        ledger_services.unsettle(exception=exception, user=self.user, access=self.access, at=now())
        return Response(status=204)


class FieldAccounts(ViewSetMixin, ListModelMixin, Door):
    """The phones of the community workers in the caller's areas."""

    model = FieldAccount
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    parser_classes = (JSONParser,)
    serializer_class = FieldAccountSerializer
    filterset_class = FieldAccountFilters

    def rows(self) -> QuerySet[Any]:
        return (
            FieldAccount.objects.filter(user__in=accounts.workers(self._as_staff()))
            .select_related("user")
            .order_by("pk")
        )

    @extend_schema(request=NewFieldAccountSerializer, responses={201: SetUpSerializer})
    def create(self, request: Request) -> Response:
        """Make a code for a phone: of an existing worker, or with `areas` of a new one. The code is shown only in this answer."""
        self.require(REVIEWERS)
        body = self.read_body(NewFieldAccountSerializer)
        if body["areas"]:
            self._require_areas(map(account_services.area_prefix, body["areas"]))
            new_worker = account_services.add_worker(
                username=body["username"],
                name=body["name"],
                areas=body["areas"],
                label=body["label"],
                actor=self.user,
            )
            return self._new_code(
                new_worker.user, new_worker.field_account, new_worker.token, new_worker.password
            )
        user = self._worker(body["username"], is_active=True)
        account, token = account_services.issue_token(
            user=user, label=body["label"], actor=self.user
        )
        return self._new_code(user, account, token)

    @extend_schema(request=LostPhoneSerializer, responses={201: SetUpSerializer})
    @action(detail=False, methods=["post"], filterset_class=None)
    def lost(self, request: Request) -> Response:
        """Replace all codes and the password of a worker whose phone is lost. They are shown only in this answer.

        Refused where the password also opens roles that the caller may not grant; `codes/` then replaces the codes alone.
        """
        self.require(REVIEWERS)
        user = self._worker(self.read_body(LostPhoneSerializer)["username"])
        if not accounts.may_set_password(self.access, user):
            raise NotAllowed
        replaced = account_services.replace_phone(user=user, at=now(), actor=self.user)
        return self._new_code(
            replaced.user, replaced.field_account, replaced.token, replaced.password
        )

    @extend_schema(request=NewCodesSerializer, responses={201: SetUpSerializer(many=True)})
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def codes(self, request: Request) -> Response:
        """Codes for several workers at once, besides their old ones or in their place. They are shown only in this answer."""
        self.require(REVIEWERS)
        body = self.read_body(NewCodesSerializer)
        users = self._workers(body["usernames"])
        if body["replace"]:
            new_accounts = account_services.replace_codes(
                users=users, label=body["label"], at=now(), actor=self.user
            )
        else:
            new_accounts = account_services.add_codes(
                users=users, label=body["label"], actor=self.user
            )
        chosen = chosen_for_each(users)
        set_ups = [
            self._set_up(account, token, chosen[account.user_id]) for account, token in new_accounts
        ]
        return Response(SetUpSerializer(set_ups, many=True).data, status=201)

    @extend_schema(request=EndingSerializer, responses=EndedSerializer)
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def revoke(self, request: Request) -> Response:
        """Revoke all codes of several workers, from their phones' next request on; passwords stay valid."""
        self.require(REVIEWERS)
        users = self._workers(self.read_body(EndingSerializer)["usernames"])
        revoked = account_services.end_codes(users=users, at=now(), actor=self.user)
        return Response({"revoked": revoked})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int) -> Response:
        """Revoke the phone's code, from its next request on."""
        self.require(REVIEWERS)
        account = self.get_queryset().filter(pk=id).first()
        if account is None:
            raise NothingHere
        self._worker(account.user.username)
        account_services.revoke(accounts=[account], at=now(), actor=self.user)
        return Response(status=204)

    def _new_code(
        self, user: User, account: FieldAccount, token: str, password: str | None = None
    ) -> Response:
        set_up = self._set_up(account, token, chosen_for_each([user])[user.pk], password)
        return Response(SetUpSerializer(set_up).data, status=201)

    def _set_up(
        self,
        account: FieldAccount,
        token: str,
        chosen: collect.AreaSettings,
        password: str | None = None,
    ) -> dict[str, Any]:
        user = account.user
        server = settings.RUHU_BASE_URL or self.request.build_absolute_uri("/")
        base_url = collect.base_url(server, token)
        settings_of_collect = collect.settings(
            server_url=base_url, project=user.name, person=user.username, chosen=chosen
        )
        return {
            "id": account.pk,
            "username": user.username,
            "password": password,
            "base_url": base_url,
            "collect": collect.without_password(settings_of_collect),
            "qr": collect.code_text(settings_of_collect),
        }

    def _as_staff(self) -> Access:
        """The caller's access by roles of office staff alone: workers do not administer phones."""
        return self.access.held_as(REVIEWERS)

    def _worker(self, username: str, **which: bool) -> User:
        """The worker, whose areas must all be the caller's, because a code opens all of them. Raises UnknownUser, NotAllowed."""
        user = accounts.workers(self._as_staff()).filter(username=username, **which).first()
        if user is None:
            raise UnknownUser(username=username[:150])
        self._require_areas(grant.area for grant in user.grants.all() if grant.role == Role.WORKER)
        return user

    def _workers(self, usernames: list[str]) -> list[User]:
        """The workers in the order named, under the same rule. Raises UnknownUser for the first unknown name, NotAllowed."""
        rows = accounts.workers(self._as_staff()).filter(username__in=usernames, is_active=True)
        by_name = {user.username: user for user in rows}
        for username in usernames:
            if username not in by_name:
                raise UnknownUser(username=username)
        self._require_areas(
            grant.area
            for user in by_name.values()
            for grant in user.grants.all()
            if grant.role == Role.WORKER
        )
        return [by_name[username] for username in dict.fromkeys(usernames)]

    def _require_areas(self, areas: Any) -> None:
        if not all(self.access.may(REVIEWERS, area) for area in areas):
            raise NotAllowed
