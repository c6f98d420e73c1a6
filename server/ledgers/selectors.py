"""Reads of the ledgers, each within the reader's access."""

from server.ledgers.desk.assigning import Handing, plan_handing
from server.ledgers.desk.choosing import Effect, preview_correction
from server.ledgers.desk.rules import (
    may_change,
    preview_change,
    preview_withdrawal,
    proposed_rule,
)
from server.ledgers.entity_lists.chosen import Chosen, address_title, chosen_entries
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
from server.ledgers.reading.at_the_door import AtDoor, at_the_doors
from server.ledgers.reading.candidates import Candidate, candidates
from server.ledgers.reading.declared import Declared, declared_facts
from server.ledgers.reading.dossier import Dossier, dossier
from server.ledgers.reading.due_visits import PLANS, DueVisit, DueVisits, due_visits
from server.ledgers.reading.entries import (
    assisted,
    cases,
    desk_acts,
    desk_acts_on,
    employers,
    exceptions,
    exceptions_of,
    hidden_columns,
    households,
    in_reach,
    may_see_restricted,
    memberships,
    memberships_of,
    named_entries,
    persons,
    resolve,
    rows_of,
    spells,
    vacancies,
    value_for,
    visible_categories,
    visits,
    voids,
    where_shown,
    with_records,
)
from server.ledgers.reading.exception_sources import Source, sources_of
from server.ledgers.reading.histories import HistoryStep, histories
from server.ledgers.reading.joined import is_elsewhere, joined, joined_key
from server.ledgers.reading.links import acts_on_link, counted_once, links, links_on
from server.ledgers.reading.lookup import holding
from server.ledgers.reading.matching import Matched, Matches, seekers_for, vacancies_for
from server.ledgers.reading.overview import Counts, counts_by_area, counts_by_worker
from server.ledgers.reading.provenance import (
    Change,
    GivenValue,
    Origin,
    changes_of,
    provenance,
    title_of,
    values_given,
)
from server.ledgers.reading.reasons import Reason, reasons
from server.ledgers.reading.rules import StandingRule, decided_rules, standing_list
from server.ledgers.reading.timeline import Event, timeline
from server.ledgers.refolding.beside import (
    Beside,
    Comparison,
    Standing,
    Subject,
    below_root,
    compare,
    subjects_of_record,
)
from server.ledgers.refolding.past import entry_as_of
from server.ledgers.storage.about_person import entries_about_person, records_of
from server.ledgers.storage.changes import first_days
from server.ledgers.storage.copying import copied

__all__ = [
    "PLANS",
    "AtDoor",
    "Beside",
    "Candidate",
    "Change",
    "Chosen",
    "Comparison",
    "Counts",
    "Declared",
    "Dossier",
    "DueVisit",
    "DueVisits",
    "Effect",
    "Event",
    "GivenValue",
    "Handing",
    "HistoryStep",
    "ListedEntry",
    "Matched",
    "Matches",
    "Origin",
    "Reason",
    "Source",
    "Standing",
    "StandingRule",
    "Subject",
    "acts_on_link",
    "address_title",
    "assisted",
    "at_the_doors",
    "below_root",
    "candidates",
    "cases",
    "changes_of",
    "chosen_entries",
    "compare",
    "copied",
    "counted_once",
    "counts_by_area",
    "counts_by_worker",
    "decided_rules",
    "declared_facts",
    "deleted_entities",
    "desk_acts",
    "desk_acts_on",
    "dossier",
    "due_visits",
    "employers",
    "entries_about_person",
    "entry_as_of",
    "exceptions",
    "exceptions_of",
    "first_days",
    "hidden_columns",
    "histories",
    "holding",
    "households",
    "households_by_area",
    "in_reach",
    "is_crowded",
    "is_elsewhere",
    "joined",
    "joined_key",
    "links",
    "links_on",
    "list_digest",
    "list_properties",
    "list_size",
    "listed_entity",
    "listed_entries",
    "may_change",
    "may_see_restricted",
    "memberships",
    "memberships_of",
    "named_entries",
    "persons",
    "plan_handing",
    "preview_change",
    "preview_correction",
    "preview_withdrawal",
    "proposed_rule",
    "provenance",
    "reasons",
    "records_of",
    "resolve",
    "rows_of",
    "seekers_for",
    "sources_of",
    "spells",
    "standing_list",
    "subjects_of_record",
    "timeline",
    "title_of",
    "vacancies",
    "vacancies_for",
    "value_for",
    "values_given",
    "visible_categories",
    "visits",
    "voids",
    "where_shown",
    "with_records",
]
