"""The ledgers: lists, single entries, the source of each value, and revealing sealed columns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from server.api.shapes.ledgers import (
    DossierSerializer,
    FindSerializer,
    HouseholdDetailSerializer,
    HouseholdSerializer,
    ReasonSerializer,
    RevealSerializer,
    WhySerializer,
    entry_serializer,
)
from server.api.views.entries import Compared, Decided, Entries, Moved, Moves
from server.api.views.matching import Placed, Sought
from server.core.clock import today
from server.disclosure.services import find, give_dossier, reveal
from server.ledgers import selectors
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.filters import (
    FILTERS,
    CaseFilters,
    EmployerFilters,
    HouseholdFilters,
    PersonFilters,
    SpellFilters,
)
from server.ledgers.models import AssistanceCase, Employer, Household, Person, Spell
from server.ledgers.reading.masking import is_maskable


class Revealed(Entries):
    """A ledger with columns that may be masked, which are revealed for a reason."""

    @extend_schema(request=RevealSerializer, responses={200: dict[str, str | None]})
    @action(detail=True, methods=["post"], filterset_class=None)
    def reveal(self, request: Request, id: UUID) -> Response:
        """Show masked columns in full. Needs a role and a reason; the disclosure is logged."""
        entry = self.get_object()
        body = self.read_body(RevealSerializer)
        return Response(reveal(self.access, entry, body["columns"], body["reason"]))


class SealedEntries(Revealed):
    """A ledger with sealed columns, which are searched by their whole value."""

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
class Persons(Compared, Moves, Placed, SealedEntries):
    """城乡劳动力资源台帐: persons."""

    model = Person
    serializer_class = entry_serializer(Person)
    filterset_class = PersonFilters

    @extend_schema(responses=WhySerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def why(self, request: Request, id: UUID) -> Response:
        """The conditions of the person's computed flags, met today or not, as far as the reader may see what they rest on."""
        explained = selectors.reasons(self.access, self.get_object(), today())
        rows = [
            {
                "column": column,
                "holds": all(part.is_met for part in parts),
                "conditions": [
                    {
                        "condition": part.condition,
                        "text": part.label,
                        "is_met": part.is_met,
                        "rules": dict(part.rules),
                    }
                    for part in parts
                ],
            }
            for column, parts in explained.items()
        ]
        return Response(WhySerializer(rows, many=True).data)

    @extend_schema(request=ReasonSerializer, responses=DossierSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def dossier(self, request: Request, id: UUID) -> Response:
        """Everything that is kept about the person, in plain, for the person. Needs a role and a reason; it is logged."""
        body = self.read_body(ReasonSerializer)
        whole = give_dossier(self.access, self.get_object(), body["reason"])
        return Response(DossierSerializer(whole).data)


@_find_answers_with(HouseholdSerializer(many=True))
class Households(Compared, Moves, SealedEntries):
    """家庭户台帐: households with their members."""

    model = Household
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


class Spells(Revealed):
    """就业与失业台帐: stretches of employment and unemployment."""

    model = Spell
    serializer_class = entry_serializer(Spell)
    filterset_class = SpellFilters


@_find_answers_with(entry_serializer(Employer)(many=True))
class Employers(Compared, SealedEntries):
    """用人单位台帐: employers."""

    model = Employer
    serializer_class = entry_serializer(Employer)
    filterset_class = EmployerFilters


class Cases(Moves, Revealed):
    """就业援助台帐: assistance cases."""

    model = AssistanceCase
    serializer_class = entry_serializer(AssistanceCase)
    filterset_class = CaseFilters


def _views_of(definition: LedgerDefinition) -> type[Entries]:
    """The views of a ledger by its declaration alone."""
    model = definition.model
    serializer = entry_serializer(model)
    columns = definition.columns.values()
    is_sealed = any(column.kind is Kind.SEALED for column in columns)
    is_masked = any(map(is_maskable, columns))
    bases: tuple[type, ...] = (
        *_MORE.get(definition.name, ()),
        Moved if definition.machines else Decided,
        SealedEntries if is_sealed else Revealed if is_masked else Entries,
    )
    members = {
        "model": model,
        "serializer_class": serializer,
        "filterset_class": FILTERS[definition.name],
        "__doc__": model.__doc__,
        "__module__": __name__,
    }
    made = type(f"{model.__name__}Views", bases, members)
    return _find_answers_with(serializer(many=True))(made) if is_sealed else made


_MORE: dict[str, tuple[type, ...]] = {"vacancy": (Sought,)}
"""What a ledger has besides what its declaration says."""
_OF_THEIR_OWN: dict[str, type[Entries]] = {
    "person": Persons,
    "household": Households,
    "spell": Spells,
    "employer": Employers,
    "case": Cases,
}
LEDGER_VIEWS: dict[str, type[Entries]] = {
    definition.path: _OF_THEIR_OWN.get(ledger) or _views_of(definition)
    for ledger, definition in DEFINITIONS.items()
}
"""Path → the views of the ledger."""
