"""The ledgers' tables: every SQL statement of the room stands here, one module per subject.

`database.py` runs statements and tells how to add one. A module is named by what its
statements are about; its functions take and give typed values, and never a cursor.
"""

from server.ledgers.storage.identity_keys import resolved_keys

__all__ = ["resolved_keys"]
