"""Settings of the QR codes per area: which there are, and choosing and removing them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.models import PhoneSettings
from server.accounts.phone_settings import keep_settings, remove_settings, settings_of
from server.api.shapes.phone_settings import KeptPhoneSettingsSerializer, PhoneSettingsSerializer
from server.api.views.base import Door
from server.core.request_problems import NothingHere

EVERYWHERE: Final = "all"
"""How an address names the area of everywhere, whose code is empty."""


class PhonesOfAreas(ViewSetMixin, Door):
    """The phone settings of the areas in which the caller is administrator."""

    model = PhoneSettings
    holds_persons: ClassVar[bool] = False
    lookup_field = "area"
    lookup_value_converter = "str"
    pagination_class = None
    filter_backends = ()
    parser_classes = (JSONParser,)
    serializer_class = PhoneSettingsSerializer

    def rows(self) -> QuerySet[Any]:
        return settings_of(self.access).select_related("changed_by")

    @extend_schema(responses=PhoneSettingsSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The settings of the areas that the caller administers."""
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @extend_schema(responses=PhoneSettingsSerializer)
    def retrieve(self, request: Request, area: str) -> Response:
        """An area's own settings, by leading digits of division codes, or `all`; never the admin password."""
        row = self.get_queryset().filter(area=_area(area)).first()
        if row is None:
            raise NothingHere
        return Response(self.get_serializer(row).data)

    @extend_schema(request=KeptPhoneSettingsSerializer, responses=PhoneSettingsSerializer)
    def update(self, request: Request, area: str) -> Response:
        """Choose an area's settings, which codes made from now on carry there and in the areas below without own settings."""
        given = self.read_body(KeptPhoneSettingsSerializer)
        row = keep_settings(area=_area(area), user=self.user, access=self.access, **given)
        return Response(self.get_serializer(row).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, area: str) -> Response:
        """Remove an area's settings; those of the area around it hold again, else the defaults."""
        remove_settings(area=_area(area), user=self.user, access=self.access)
        return Response(status=204)


def _area(named: str) -> str:
    return "" if named == EVERYWHERE else named
