"""Slows down password guessing: further attempts wait after too many wrong passwords.

Three counts, each for `PAUSE` after its latest failure: wrong passwords for one user name from
one address; user names that had a wrong password at one address, so that nobody tries one
password on all names; wrong passwords for one user name from all addresses, so that nobody
guesses from many. The last two stop only whoever has not logged in from that address within
`KNOWN_FOR`: all people and phones of a street office share one address, and a stranger must
not be able to lock them out (openrosa-conformance.md, item 43).

Only different wrong passwords count. The counts are in the database, so that all web processes
of all hosts count together, under keyed hashes that reveal neither name nor address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final, Literal

from django.utils.crypto import salted_hmac
from psycopg.types.numeric import Int4

from server.accounts.models import PasswordFailures
from server.core import clock
from server.core.statements import run

FAILURES: Final = 10
NAMES_AT_AN_ADDRESS: Final = 20
FAILURES_OF_A_NAME: Final = 30
PAUSE: Final = timedelta(minutes=15)
"""How long attempts wait after the latest failure; then all failures are forgotten."""
KNOWN_FOR: Final = timedelta(days=60)

Counter = Literal["desk", "phone", "code", "unknown", "digest"]
"""Log-ins of phones and of office staff are counted apart, so that guessing at one does not lock anybody out of the other.

"code" counts wrong codes of second factors, which only somebody with the password can send.
"unknown" counts names that nobody has, and "digest" wrong answers of phones: both only so
that the audit log records the first of many.
"""

_TABLE: Final = PasswordFailures._meta.db_table
_LOCKED: Final = f"""
select coalesce(bool_or(who = %(pair)s and failures >= %(most)s), false)
       or not coalesce(bool_or(who = %(known)s), false)
          and coalesce(bool_or(who = %(place)s and failures >= %(most_names)s
                               or who = %(name)s and failures >= %(most_of_name)s), false)
  from {_TABLE}
 where who in (%(pair)s, %(place)s, %(name)s) and latest_at > %(since)s
    or who = %(known)s and latest_at > %(known_since)s
"""  # noqa: S608 the table's name
_FAILED: Final = f"""
insert into {_TABLE} as known (who, failures, latest_at) values (%(who)s, 1, %(at)s)
on conflict (who) do update
   set failures = case when known.latest_at > %(since)s then known.failures + 1 else 1 end,
       latest_at = excluded.latest_at
returning failures
"""  # noqa: S608
_SUCCEEDED: Final = f"""
with forgotten as (delete from {_TABLE} where who = %(pair)s)
insert into {_TABLE} (who, failures, latest_at) values (%(known)s, 0, %(at)s)
on conflict (who) do update set latest_at = excluded.latest_at
returning failures
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Caller:
    """The keys under which the failures of a user name at an address are counted."""

    pair: str
    place: str
    name: str
    known: str


def caller(username: str, address: str, counter: Counter) -> Caller:
    """The keys of this user name at this address.

    An IPv6 address counts as its /64 network, because whoever has one address has all of them.
    """
    network, name = _network(address), username.strip().casefold()

    def key(*words: str) -> str:
        value = "\0".join((counter, *words))
        return salted_hmac("password failures", value, algorithm="sha256").hexdigest()

    return Caller(
        pair=key(network, name),
        place=key("names at", network, ""),
        name=key("all of", "", name),
        known=key("known at", network, name),
    )


def is_locked(who: Caller) -> bool:
    """Whether attempts of this caller must wait."""
    at = clock.now()
    parameters = {
        "pair": who.pair,
        "place": who.place,
        "name": who.name,
        "known": who.known,
        "most": Int4(FAILURES),
        "most_names": Int4(NAMES_AT_AN_ADDRESS),
        "most_of_name": Int4(FAILURES_OF_A_NAME),
        "since": at - PAUSE,
        "known_since": at - KNOWN_FOR,
    }
    row = run(_LOCKED, parameters)
    assert row is not None  # noqa: S101 an aggregate
    return bool(row[0])


def failed(who: Caller) -> int:
    """Count one failure of this caller. Returns how many its name has at its address without a pause in between."""
    _count(who.name)
    failures = _count(who.pair)
    if failures == 1:  # a further name at this address
        _count(who.place)
    return failures


def tally(username: str, address: str, counter: Counter) -> int:
    """Count one failure for the audit log only, which pauses nobody. Returns how many there are, as `failed` does."""
    return _count(caller(username, address, counter).pair)


def _count(key: str) -> int:
    at = clock.now()
    row = run(_FAILED, {"who": key, "at": at, "since": at - PAUSE})
    return int(row[0]) if row else 0


def succeeded(who: Caller) -> None:
    """Forget the failures of this user name at this address, and remember that it is known there."""
    run(_SUCCEEDED, {"pair": who.pair, "known": who.known, "at": clock.now()})


def forget_old() -> None:
    """Delete counts that no longer hold anybody up, and names that have not logged in for long."""
    at = clock.now()
    rows = PasswordFailures.objects
    rows.filter(failures__gt=0, latest_at__lt=at - PAUSE).delete()
    rows.filter(failures=0, latest_at__lt=at - KNOWN_FOR).delete()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))
