"""The secrets of second factors as a place of the key's rotation (core.resealing): they lie in allauth's JSON."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from server.core.resealing import Batch
from server.core.sealing import KEY_ID, is_current, reseal

PURPOSE: Final = "second factor"
_MEMBERS: Final = ("secret", "seed")
"""The secret of an app, and that from which recovery codes follow."""


@dataclass(frozen=True, slots=True)
class SealedFactors:
    """What `console.second_factor.Factors` seals."""

    name: str = "mfa_authenticator.data"

    def counts(self) -> Counter[bytes]:
        """Id of a key → how many secrets it sealed."""
        rows = Authenticator.objects.values_list("data", flat=True)
        return Counter(sealed[:KEY_ID] for data in rows for sealed in _sealed(data).values())

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        """Seal the secrets of up to `limit` rows behind the row `after` anew; locked rows stay for a later pass."""
        del every  # nothing is hashed beside these
        with transaction.atomic():
            rows = Authenticator.objects.filter(pk__gt=after or 0).order_by("pk")
            batch = list(rows.select_for_update(skip_locked=True, no_key=True)[:limit])
            changed = [row for row in batch if _is_stale(row.data)]
            for row in changed:
                anew = {
                    name: base64.b64encode(reseal(sealed, PURPOSE)).decode()
                    for name, sealed in _sealed(row.data).items()
                }
                Authenticator.objects.filter(pk=row.pk).update(data={**row.data, **anew})
        return Batch(batch[-1].pk if batch else None, len(changed))

    def wrong_hashes(self) -> int:
        """None: nothing is searched for by these."""
        return 0


def _sealed(data: dict[str, Any]) -> dict[str, bytes]:
    return {name: base64.b64decode(data[name]) for name in _MEMBERS if name in data}


def _is_stale(data: dict[str, Any]) -> bool:
    return any(not is_current(sealed) for sealed in _sealed(data).values())
