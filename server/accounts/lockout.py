"""Slows down guessing: who gave too many different wrong passwords for a name from one address waits.

An address as a whole is never shut: a street office has one for all its people and phones
(openrosa-conformance.md, item 43). Counted in the database, so that all web processes of all hosts
count together, under a keyed hash that tells neither name nor address.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final, Literal

from psycopg.types.numeric import Int4

from server.accounts.models import PasswordFailures
from server.core import clock
from server.core.sealing import search_hash
from server.core.statements import run

FAILURES: Final = 10
PAUSE: Final = timedelta(minutes=15)
"""How long to wait; as long after the latest failure all of them are forgotten."""

Counter = Literal["desk", "phone"]
"""Phones are counted apart: who guesses at their door shuts nobody out of the desk, nor the other way round."""

_TABLE: Final = PasswordFailures._meta.db_table
_FOUND: Final = f"""
select failures from {_TABLE}
 where who = %(who)s and failures >= %(most)s and latest_at > %(since)s
"""  # noqa: S608 the table's name
_FAILED: Final = f"""
insert into {_TABLE} as known (who, failures, latest_at) values (%(who)s, 1, %(at)s)
on conflict (who) do update
   set failures = case when known.latest_at > %(since)s then known.failures + 1 else 1 end,
       latest_at = excluded.latest_at
returning failures
"""  # noqa: S608
_SUCCEEDED: Final = f"delete from {_TABLE} where who = %(who)s returning failures"  # noqa: S608


def caller(username: str, address: str, counter: Counter) -> str:
    """Under what somebody's failures are counted; of IPv6 addresses, whoever has one has the network."""
    name = f"{counter}\0{_network(address)}\0{username.strip().casefold()}"
    return search_hash(name, "password failures").hex()


def is_locked(who: str) -> bool:
    since = clock.now() - PAUSE
    return run(_FOUND, {"who": who, "most": Int4(FAILURES), "since": since}) is not None


def failed(who: str) -> None:
    """Count one failure."""
    at = clock.now()
    run(_FAILED, {"who": who, "at": at, "since": at - PAUSE})


def succeeded(who: str) -> None:
    run(_SUCCEEDED, {"who": who})


def forget_old() -> None:
    """Remove what counts no longer."""
    PasswordFailures.objects.filter(latest_at__lt=clock.now() - PAUSE).delete()


def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))
