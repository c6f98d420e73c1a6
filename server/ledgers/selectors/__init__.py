"""Reads of the ledgers room, each through the reader's access."""

from server.ledgers.selectors.entries import (
    cases,
    desk_acts,
    desk_acts_on,
    doubts_of,
    employers,
    exceptions,
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
from server.ledgers.selectors.integrity import deleted_entities
from server.ledgers.selectors.listed import (
    Listed,
    list_mark,
    list_properties,
    list_size,
    listed_entity,
    listed_entries,
)
from server.ledgers.selectors.lookup import holding
from server.ledgers.selectors.provenance import Change, Origin, changes_of, provenance
from server.ledgers.selectors.sizes import households_in, is_crowded
from server.ledgers.selectors.timeline import Event, timeline

__all__ = [
    "Change",
    "Event",
    "Listed",
    "Origin",
    "cases",
    "changes_of",
    "deleted_entities",
    "desk_acts",
    "desk_acts_on",
    "doubts_of",
    "employers",
    "exceptions",
    "hidden_columns",
    "holding",
    "households",
    "households_in",
    "is_crowded",
    "list_mark",
    "list_properties",
    "list_size",
    "listed_entity",
    "listed_entries",
    "memberships",
    "persons",
    "provenance",
    "resolve",
    "spells",
    "timeline",
    "vacancies",
    "visible_categories",
    "visits",
    "with_records",
]
