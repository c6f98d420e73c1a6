"""The ledgers' tables: reading and writing contributions, identity keys and ledger rows, a few statements a batch."""

from server.ledgers.storage.contributions import (
    contributions_of_entries,
    contributions_of_submissions,
    contributions_with_ids,
    delete_contributions,
    insert_contributions,
    move_contributions,
)
from server.ledgers.storage.identity_keys import keys_of_entries, resolved_keys, write_identity
from server.ledgers.storage.tables import MEMBERSHIPS, TABLES, Changed, Table, membership_rows

__all__ = [
    "MEMBERSHIPS",
    "TABLES",
    "Changed",
    "Table",
    "contributions_of_entries",
    "contributions_of_submissions",
    "contributions_with_ids",
    "delete_contributions",
    "insert_contributions",
    "keys_of_entries",
    "membership_rows",
    "move_contributions",
    "resolved_keys",
    "write_identity",
]
