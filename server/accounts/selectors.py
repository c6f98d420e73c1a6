"""Who is at the door, and who there is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache

from django.db.models import Prefetch, Q, QuerySet

from server.accounts.access import PUBLISHERS, REVIEWERS, Access, Worker
from server.accounts.device_passwords import opened_secret, sealed_secret
from server.accounts.models import KEY, Disclosure, FieldAccount, Role, RoleGrant, User
from server.accounts.problems import UnknownUser
from server.core.sealing import token_hash
from server.core.statements import run

_BY_TOKEN = """
select account.id, person.id,
       coalesce(account.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1)
  from accounts_fieldaccount account
  join accounts_user person on person.id = account.user_id and person.is_active
 where account.token_hash = %(hash)s and account.revoked_at is null
"""  # noqa: S105 SQL

_BY_NAME = """
select person.id, person.password, person.device_secret,
       coalesce(person.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1)
  from accounts_user person
 where person.username = %(username)s and person.is_active
"""


@dataclass(frozen=True, slots=True)
class FieldLogin:
    """Who stands behind a phone's request."""

    worker: Worker
    field_account_id: int | None  # None with user name and password
    contact_due: bool = False  # the last contact on record is over a minute old


def authenticate_token(token: str) -> FieldLogin | None:
    """The phone whose token this is; None when it is unknown, revoked, or its owner inactive.

    One statement, always against the database: a revocation holds from the next request.
    """
    row = run(_BY_TOKEN, {"hash": token_hash(token)})
    if row is None:
        return None
    account_id, user_id, contact_due, areas = row
    return FieldLogin(Worker(user_id, tuple(areas)), account_id, contact_due)


@dataclass(frozen=True, slots=True)
class Named:
    """An active person of that user name, and what proves that it is them."""

    login: FieldLogin
    password: str  # as it is stored
    device_secret: bytes | None


def named(username: str) -> Named | None:
    """The active person of that user name. One statement."""
    row = run(_BY_NAME, {"username": username}) if "\0" not in username else None
    if row is None:
        return None
    user_id, password, device_secret, contact_due, areas = row
    login = FieldLogin(Worker(user_id, tuple(areas)), None, contact_due)
    return Named(login, password, device_secret)


def device_login(username: str) -> tuple[bytes, FieldLogin | None]:
    """The Digest secret of a user name, and who it lets in; a secret nobody knows, and None, for all other names."""
    person = named(username)
    if person is None or person.device_secret is None:
        return opened_secret("", _decoy_secret()), None
    return opened_secret(username, person.device_secret), person.login


def desk_access(login: FieldLogin) -> Access:
    """What the person behind a password may see at a desk; a phone's credentials give nothing."""
    if login.field_account_id is not None:
        return Access(0, ())
    grants = RoleGrant.objects.filter(user_id=login.worker.user_id)
    return Access(login.worker.user_id, tuple(grants.values_list("role", "area")))


def user(user_id: int) -> User:
    """The person of a login."""
    return User.objects.get(pk=user_id)


def user_named(username: str) -> User:
    """The person of that user name, switched off or not. Raises UnknownUser."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise UnknownUser(username=username[:150])
    return found


def users() -> QuerySet[User]:
    """Everybody with their roles, for the people who run the server."""
    return User.objects.prefetch_related(
        "grants", Prefetch("field_accounts", FieldAccount.objects.order_by("created_at"))
    )


def workers(access: Access) -> QuerySet[User]:
    """The community workers of the user's areas."""
    grants = RoleGrant.objects.filter(access.within("area"), role=Role.WORKER)
    return users().filter(pk__in=grants.values("user"))


def workers_in_hand(access: Access) -> QuerySet[User]:
    """The workers whose phones the user looks after: with no area outside those of the user's desk.

    A code for a worker opens everything that worker may see, so one foreign area is enough to keep hands off.
    """
    grants, inside = RoleGrant.objects.filter(role=Role.WORKER), access.within("area", REVIEWERS)
    mine, elsewhere = grants.filter(inside), grants.exclude(inside)
    found = users().filter(pk__in=mine.values("user")).exclude(pk__in=elsewhere.values("user"))
    return found.order_by("username")


def may_set_password(access: Access, user: User) -> bool:
    """Whether the password of this person is the user's to end and to give."""
    return access.may_give((grant.role, grant.area) for grant in user.grants.all())


def disclosures(access: Access) -> QuerySet[Disclosure]:
    """Who looked at what in the areas of the user's desk, newest first.

    Keys of encrypted forms lie in no area: what was done with them is for all who may
    publish, wherever they do.
    """
    rows = access.within(roles=REVIEWERS)
    if access.areas(PUBLISHERS):
        rows |= Q(ledger=KEY)
    return Disclosure.objects.filter(rows).select_related("user").order_by("-at", "-id")


@cache
def _decoy_secret() -> bytes:
    return sealed_secret("", secrets.token_hex(16))
