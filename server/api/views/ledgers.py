"""The ledgers: lists, single entries, the source of each value, and revealing sealed columns."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.ledgers import (
    AsOfSerializer,
    DossierSerializer,
    FindSerializer,
    HistorySerializer,
    HouseholdDetailSerializer,
    HouseholdSerializer,
    OriginSerializer,
    ReasonSerializer,
    RevealSerializer,
    entry_serializer,
    users_of,
)
from server.api.views.base import Door
from server.audit.models import Act
from server.audit.services import record
from server.core.request_problems import NothingHere
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, facts_of, open_permits
from server.disclosure.services import find, give_dossier, reveal
from server.ledgers import selectors
from server.ledgers.definitions.ledgers import name_of
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.filters import (
    CaseFilters,
    EmployerFilters,
    HouseholdFilters,
    PersonFilters,
    SpellFilters,
    VacancyFilters,
    VisitFilters,
)
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    Person,
    Spell,
    Vacancy,
    Visit,
)


class Entries(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """One ledger. A subclass names the model and the selector of its rows."""

    family: ClassVar[str | None] = None
    visible: ClassVar[Any]  # a selector: (access) → rows
    lookup_field = "id"
    lookup_value_converter = "uuid"
    parser_classes = (JSONParser,)

    def rows(self) -> QuerySet[Any]:
        return (
            type(self)
            .visible(self.access)
            .select_related("recorded_by", "source_submission__form", *users_of(self.model))
            .order_by("pk")
        )

    @cached_property
    def permits(self) -> list[ExportPermit]:
        """The caller's open export permits for this ledger."""
        if getattr(self, "swagger_fake_view", False):
            return []
        return open_permits(self.access, ExportPermit.Kind.LEDGER, name_of(self.model))

    def whole_areas(self) -> tuple[str, ...]:
        return areas_of(self.permits)

    def export_facts(self) -> dict[str, object]:
        return facts_of(self.permits)

    def get_object(self) -> Any:
        """The entry with this id, or the one it was merged into. Raises NothingHere, also outside the caller's areas."""
        entry_id: UUID = self.kwargs["id"]
        if self.family is not None:
            entry_id = selectors.resolve(self.family, entry_id) or entry_id
        entry = self.get_queryset().filter(pk=entry_id).first()
        if entry is None:
            raise NothingHere
        return entry

    @extend_schema(parameters=[AsOfSerializer])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One entry, masked unless an export permit for the ledger is open; with `as_of` or `known_by` as it was on that day, by what had been received and decided by that instant.

        404 when it was in no ledger then, or in that of another area.
        """
        if not {"as_of", "known_by"} & request.query_params.keys():
            return Response(self.get_serializer(self._recorded(self.get_object())).data)
        asked = AsOfSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        entry = selectors.entry_as_of(
            self.access,
            self.get_object(),
            on=asked.validated_data["as_of"],
            known_by=asked.validated_data["known_by"],
        )
        if entry is None:
            raise NothingHere
        kind = entry_serializer(self.model)
        self._recorded(entry)
        shown = kind(entry, context=self.get_serializer_context()).data
        del shown["row_version"]  # of the present entry
        return Response(shown)

    @extend_schema(responses=HistorySerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, id: UUID) -> Response:
        """The states and remembered values that the entry went through, the latest first."""
        steps = selectors.histories(self.access, [self.get_object()])
        return Response(HistorySerializer(steps, many=True).data)

    def _recorded(self, entry: Any) -> Any:
        """The entry; that it is given out whole is recorded."""
        if entry.area_code.startswith(self.whole_areas()):
            record(
                Act.EXPORT,
                actor=self.user,
                object_type=name_of(self.model),
                object_id=entry.pk,
                area=entry.area_code,
                facts={"rows": 1, **self.export_facts()},
            )
        return entry

    @extend_schema(responses=OriginSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def origins(self, request: Request, id: UUID) -> Response:
        """The source of every column's value."""
        entry = self.get_object()
        hidden = selectors.hidden_columns(self.access, entry)
        rows = [
            {"column": name, **asdict(origin)}
            for name, origin in selectors.provenance(self.access, entry).items()
            if name not in hidden
        ]
        return Response(OriginSerializer(rows, many=True).data)


class SealedEntries(Entries):
    """A ledger with sealed columns, which are searched by their whole value and revealed for a reason."""

    @extend_schema(request=RevealSerializer, responses={200: dict[str, str | None]})
    @action(detail=True, methods=["post"], filterset_class=None)
    def reveal(self, request: Request, id: UUID) -> Response:
        """Show sealed columns in full. Needs a role and a reason; the disclosure is logged."""
        entry = self.get_object()
        body = self.read_body(RevealSerializer)
        return Response(reveal(self.access, entry, body["columns"], body["reason"]))

    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def find(self, request: Request) -> Response:
        """The entries whose sealed column holds exactly this value, e.g. an ID number; values stay masked.

        Needs a role and a reason, is limited per person and hour, and is logged.
        """
        body = self.read_body(FindSerializer)
        rows = selectors.where_shown(self.access, self.get_queryset(), body["column"])
        matches = find(self.access, rows, body["column"], body["value"], body["reason"])
        return Response(self.get_serializer(matches, many=True).data)


def _find_answers_with(rows: Any) -> Any:
    """Declares the rows that `find` answers with, for the schema."""
    return extend_schema_view(find=extend_schema(request=FindSerializer, responses=rows))


@_find_answers_with(entry_serializer(Person)(many=True))
class Persons(SealedEntries):
    """城乡劳动力资源台帐: persons."""

    model, family, visible = Person, Family.PERSON, staticmethod(selectors.persons)
    serializer_class = entry_serializer(Person)
    filterset_class = PersonFilters

    @extend_schema(request=ReasonSerializer, responses=DossierSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def dossier(self, request: Request, id: UUID) -> Response:
        """Everything that is kept about the person, in plain, for the person. Needs a role and a reason; it is logged."""
        body = self.read_body(ReasonSerializer)
        whole = give_dossier(self.access, self.get_object(), body["reason"])
        return Response(DossierSerializer(whole).data)


@_find_answers_with(HouseholdSerializer(many=True))
class Households(SealedEntries):
    """家庭户台帐: households with their members."""

    model, family, visible = Household, Family.HOUSEHOLD, staticmethod(selectors.households)
    place = "loc"
    serializer_class = HouseholdSerializer
    filterset_class = HouseholdFilters

    def rows(self) -> QuerySet[Any]:
        rows = super().rows()
        if self.action != "retrieve":
            return rows
        members = selectors.memberships(self.access).select_related("person")
        return rows.prefetch_related(Prefetch("memberships", members))

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return HouseholdDetailSerializer
        return super().get_serializer_class()


class Spells(Entries):
    """就业与失业台帐: stretches of employment and unemployment."""

    model, visible = Spell, staticmethod(selectors.spells)
    serializer_class = entry_serializer(Spell)
    filterset_class = SpellFilters


@_find_answers_with(entry_serializer(Employer)(many=True))
class Employers(SealedEntries):
    """用人单位台帐: employers."""

    model, family, visible = Employer, Family.EMPLOYER, staticmethod(selectors.employers)
    place = "loc"
    serializer_class = entry_serializer(Employer)
    filterset_class = EmployerFilters


class Vacancies(Entries):
    """空岗/公益性岗位台帐: vacancies."""

    model, family, visible = Vacancy, Family.VACANCY, staticmethod(selectors.vacancies)
    serializer_class = entry_serializer(Vacancy)
    filterset_class = VacancyFilters


class Cases(Entries):
    """就业援助台帐: assistance cases."""

    model, visible = AssistanceCase, staticmethod(selectors.cases)
    serializer_class = entry_serializer(AssistanceCase)
    filterset_class = CaseFilters


class Visits(Entries):
    """入户家访记录: visits."""

    model, family, visible = Visit, Family.VISIT, staticmethod(selectors.visits)
    place = "loc"
    serializer_class = entry_serializer(Visit)
    filterset_class = VisitFilters
