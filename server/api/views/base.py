"""The base of all views: the caller's access, selectors, serializers, GeoJSON."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from server.accounts.access import Access, common_prefix
from server.accounts.models import User
from server.api import requests
from server.api.filters import PAGING
from server.api.paging import Pages
from server.api.problems import NotByLink
from server.api.representations import Bytes, GeoJson, as_features
from server.audit.services import record_list
from server.core.request_problems import NotAllowed, UnknownAddress, UnreadableRequest
from server.core.segments import as_sent


class Door(GenericAPIView):
    """A view that calls the rooms with the caller's access.

    A subclass names its `model` and overrides `rows`. Where rows have a point or outline,
    `place` names that field, and the view also answers in GeoJSON.
    """

    model: ClassVar[type[Model]]
    place: ClassVar[str] = ""
    feature_key: ClassVar[str] = "id"
    holds_persons: ClassVar[bool] = True  # long reads of its list are recorded
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request; names in its path have the slashes that the client escaped."""
        names = {key: as_sent(name) for key, name in kwargs.items()}
        return super().dispatch(request, *args, **names)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse files to a browser's session: a link in a message could fetch them. Raises NotByLink."""
        super().initial(request, *args, **kwargs)
        if Bytes in self.renderer_classes:
            self.refuse_links()

    def refuse_links(self) -> None:
        """Refuse a browser's session, which a link in a message could use to fetch files. Raises NotByLink."""
        if isinstance(self.request.successful_authenticator, SessionAuthentication):
            raise NotByLink

    @property
    def access(self) -> Access:
        return requests.access(self.request)

    @property
    def user(self) -> User:
        return requests.user_of(self.request)

    def whole_areas(self) -> tuple[str, ...]:
        """The areas whose rows an export permit lets the caller read whole."""
        return ()

    def export_facts(self) -> dict[str, object]:
        """What the record of a read says of the permits that allowed it; nothing when it was masked."""
        return {}

    def rows(self) -> QuerySet[Any]:
        """The rows the caller may see; always from a selector."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return self.rows()

    def get_renderers(self) -> list[Any]:
        if self.place and getattr(self, "action", None) in ("list", "retrieve"):
            return [JSONRenderer(), GeoJson()]
        return super().get_renderers()

    def get_serializer_context(self) -> dict[str, Any]:
        if getattr(self, "swagger_fake_view", False):
            return {
                "request": self.request,
                "view": self,
                "restricted_areas": (),
                "whole_areas": (),
            }
        return {
            **requests.context(self.request),
            "view": self,
            "whole_areas": self.whole_areas(),
        }

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        kind: Any = self.get_serializer_class()
        if self._wants_geojson():
            kind = as_features(kind, self.model, place=self.place, key=self.feature_key)
        kwargs.setdefault("context", self.get_serializer_context())
        return kind(*args, **kwargs)

    def get_paginated_response(self, data: Any) -> Response:
        """A page of the list. That it was read is recorded if it goes beyond the first rows."""
        if self.holds_persons:
            rows, last_row = cast(Pages, self.paginator).rows_read()
            record_list(
                actor=self.user,
                of=self.model._meta.model_name or "",
                area=common_prefix(self.access.areas()),
                rows=rows,
                last_row=last_row,
                facts={"filters": sorted(set(self.request.query_params) - PAGING)},
                export=self.export_facts(),
            )
        return super().get_paginated_response(data)

    def _wants_geojson(self) -> bool:
        renderer = getattr(self.request, "accepted_renderer", None)
        return isinstance(renderer, GeoJson)

    def read_body(self, kind: type[serializers.Serializer]) -> dict[str, Any]:
        """The request's body, valid by the serializer. Raises UnreadableRequest for JSON that is nested too deep."""
        try:
            data = self.request.data
        except RecursionError:
            raise UnreadableRequest from None
        serializer = kind(data=data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def require(self, roles: frozenset[Any], area_code: str | None = None) -> None:
        """Refuse unless the caller holds one of the roles over the area, or anywhere at all."""
        held = self.access.areas(roles)
        if not (held if area_code is None else self.access.may(roles, area_code)):
            raise NotAllowed


@extend_schema(exclude=True)
class Nowhere(APIView):
    """Answers every path under /api/ that nothing else serves."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = serializers.Serializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise UnknownAddress

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise UnknownAddress

    post = put = patch = delete = get
