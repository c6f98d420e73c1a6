"""The ledgers' tables: reading and writing contributions, identity keys and ledger rows, a few statements a batch."""

from server.ledgers.storage.contributions import (
    delete_contributions,
    insert_contributions,
    move_contributions,
    said_in_submissions,
    said_of_entries,
    said_with_ids,
)
from server.ledgers.storage.identity_keys import keys_of_entries, resolved_keys, write_identity
from server.ledgers.storage.tables import MEMBERSHIPS, TABLES, Changed, Table, membership_rows

__all__ = [
    "MEMBERSHIPS",
    "TABLES",
    "Changed",
    "Table",
    "delete_contributions",
    "insert_contributions",
    "keys_of_entries",
    "membership_rows",
    "move_contributions",
    "resolved_keys",
    "said_in_submissions",
    "said_of_entries",
    "said_with_ids",
    "write_identity",
]
