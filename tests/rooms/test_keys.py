"""Two administrators make the first key of one form at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from server.core import clock
from server.forms import encryption, keys
from server.forms.models import EncryptionKey

RACERS = 4


@pytest.mark.django_db(transaction=True)
def test_first_keys_of_a_form_made_at_once_follow_each_other() -> None:
    privates = [encryption.make_private_key() for _racer in range(RACERS)]
    barrier = Barrier(RACERS)

    def make(number: int) -> EncryptionKey:
        try:
            barrier.wait()
            return keys.make(
                form_id="not_yet_published",
                passphrase=None,
                at=clock.now(),
                user=None,
                private=privates[number],
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RACERS) as pool:
        created = list(pool.map(make, range(RACERS)))

    assert len({key.fingerprint for key in created}) == RACERS
    assert EncryptionKey.objects.filter(retired_at=None).count() == 1
