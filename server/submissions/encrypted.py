"""Reads of submissions that are still encrypted, and of the keys that they wait for."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from server.accounts.access import Access
from server.core.row_security import Crossing, across_areas
from server.forms.models import EncryptionKey
from server.submissions.models import EncryptedVersion
from server.submissions.selectors import records


def keys_awaited(access: Access, form_id: str) -> QuerySet[EncryptionKey]:
    """The keys for which encrypted submissions of the form in the user's areas wait; without the private halves."""
    sealed = EncryptedVersion.objects.filter(
        document=None, version__current_of__in=records(access, form_id).order_by().values("pk")
    )
    return EncryptionKey.objects.filter(pk__in=sealed.values("key")).defer("private_key")


@across_areas(Crossing.KEYS)
def encrypted_counts() -> dict[int | None, dict[str, int]]:
    """Key id (None: not a key of this server) → state → how many encrypted versions."""
    counts: dict[int | None, dict[str, int]] = {}
    rows = EncryptedVersion.objects.values_list("key", "state").annotate(count=Count("pk"))
    for key, state, count in rows.order_by():
        counts.setdefault(key, {})[state] = count
    return counts
