"""Reads of the ledgers, each within the reader's access."""

from server.ledgers.entity_lists.integrity import deleted_entities
from server.ledgers.entity_lists.listed import (
    ListedEntry,
    list_digest,
    list_properties,
    list_size,
    listed_entity,
    listed_entries,
)
from server.ledgers.entity_lists.sizes import households_by_area, is_crowded
from server.ledgers.reading.declared import Declared, declared_facts
from server.ledgers.reading.dossier import Dossier, dossier
from server.ledgers.reading.entries import (
    RESTRICTED_CODES,
    cases,
    desk_acts,
    desk_acts_on,
    employers,
    exceptions,
    exceptions_of,
    hidden_columns,
    households,
    memberships,
    persons,
    resolve,
    spells,
    vacancies,
    visible_categories,
    visits,
    with_records,
)
from server.ledgers.reading.histories import HistoryStep, histories
from server.ledgers.reading.links import acts_on_link, counted_once, links, links_on
from server.ledgers.reading.lookup import holding
from server.ledgers.reading.provenance import Change, Origin, changes_of, provenance
from server.ledgers.reading.timeline import Event, timeline
from server.ledgers.refolding.past import entry_as_of
from server.ledgers.storage.contributions import records_about_person

__all__ = [
    "RESTRICTED_CODES",
    "Change",
    "Declared",
    "Dossier",
    "Event",
    "HistoryStep",
    "ListedEntry",
    "Origin",
    "acts_on_link",
    "cases",
    "changes_of",
    "counted_once",
    "declared_facts",
    "deleted_entities",
    "desk_acts",
    "desk_acts_on",
    "dossier",
    "employers",
    "entry_as_of",
    "exceptions",
    "exceptions_of",
    "hidden_columns",
    "histories",
    "holding",
    "households",
    "households_by_area",
    "is_crowded",
    "links",
    "links_on",
    "list_digest",
    "list_properties",
    "list_size",
    "listed_entity",
    "listed_entries",
    "memberships",
    "persons",
    "provenance",
    "records_about_person",
    "resolve",
    "spells",
    "timeline",
    "vacancies",
    "visible_categories",
    "visits",
    "with_records",
]
