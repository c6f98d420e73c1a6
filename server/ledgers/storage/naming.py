"""The secret by which identity keys become uuids; it lies in the database, sealed (decision 0270).

Were uuids made with the key file, they could not change with it, because phones and other
programs know them, and whoever has an old file could try all ID numbers against a new copy of
the database. A secret that only the database holds is sealed anew by a rotation, and names
stay.
"""

from __future__ import annotations

import secrets
from typing import Final

from server.core.sealing import oldest_search_secret, seal, unseal
from server.ledgers.identity.keys import name_with
from server.ledgers.storage.database import execute, query_values

PURPOSE: Final = "naming"
_READ: Final = "select secret from ledgers_naming where id = 1"


def load_naming() -> None:
    """Let this process name entries with the secret of this database; the first call makes the secret.

    A database that named entries before there was a secret goes on with the former one, the
    search secret of its oldest key. Takes part in the caller's transaction, and is called anew
    in each, so that no process names with a secret that was rolled back. Raises UnknownKey.
    """
    stored = query_values(_READ)
    if not stored:
        # public: a rebuild hides the running table behind an empty one
        has_names = query_values(
            "select exists (select from public.ledgers_identitykey) as has_names"
        )[0]
        secret = oldest_search_secret() if has_names else secrets.token_bytes(32)
        execute(
            "insert into ledgers_naming (id, secret) values (1, %s) on conflict do nothing",
            (seal(secret, PURPOSE),),
        )
        stored = query_values(_READ)
    name_with(unseal(bytes(stored[0]), PURPOSE))
