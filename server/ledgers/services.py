"""Writes of the ledgers: merging submissions, folding again by date, desk acts, exceptions, disclosures."""

from server.ledgers.desk.acts import (
    correct,
    correct_as_stored,
    mark_not_same,
    mark_same,
    undo,
    void,
)
from server.ledgers.desk.assigning import hand_over
from server.ledgers.desk.choosing import choose
from server.ledgers.desk.forgetting import forget_person, forget_withdrawn
from server.ledgers.desk.links import acts_for, state_of_link
from server.ledgers.desk.moves import NextMove, move, next_moves
from server.ledgers.desk.offering import suggest
from server.ledgers.desk.rules import change_rule, withdraw_rule
from server.ledgers.desk.sending_back import askable_places, send_back
from server.ledgers.desk.settling import Choice, settle, unsettle
from server.ledgers.desk.suggesting import Suggestion, suggestions
from server.ledgers.refolding.merging import merge_submissions, refold_due
from server.ledgers.refolding.moves import settle_due_links
from server.ledgers.storage.changes import mark_changed, take_changed

__all__ = [
    "Choice",
    "NextMove",
    "Suggestion",
    "acts_for",
    "askable_places",
    "change_rule",
    "choose",
    "correct",
    "correct_as_stored",
    "forget_person",
    "forget_withdrawn",
    "hand_over",
    "mark_changed",
    "mark_not_same",
    "mark_same",
    "merge_submissions",
    "move",
    "next_moves",
    "refold_due",
    "send_back",
    "settle",
    "settle_due_links",
    "state_of_link",
    "suggest",
    "suggestions",
    "take_changed",
    "undo",
    "unsettle",
    "void",
    "withdraw_rule",
]
