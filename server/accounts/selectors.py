"""Reads of users: whom a token or user name belongs to, lists of users and workers, and who sees which entries of the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from server.accounts.access import ADMINISTRATORS, PUBLISHERS, REVIEWERS, Access, Worker
from server.accounts.device_passwords import opened_secret, sealed_secret
from server.accounts.models import FieldAccount, FormerGrant, Role, RoleGrant, User
from server.accounts.problems import UnknownUser
from server.audit.models import DISCLOSURES, KEY, Act, AuditEntry
from server.core.sealing import token_hash
from server.core.statements import run

_HISTORY = """array(
         select before.area || ' ' || before.since || ' ' || before.until
           from accounts_formergrant before
          where before.user_id = person.id and before.role = 'worker' and not before.is_revoked
         union all
         select grants.area || ' ' || grants.since || ' '
           from accounts_rolegrant grants
          where grants.user_id = person.id and grants.role = 'worker'
            and exists (select from accounts_formergrant before where before.user_id = person.id))"""
"""The areas in which the person works or worked, as `authority.HeldArea` writes them; none for who never left an area."""

_BY_TOKEN = f"""
select account.id, person.id,
       coalesce(account.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1),
       {_HISTORY}
  from accounts_fieldaccount account
  join accounts_user person on person.id = account.user_id and person.is_active
 where account.token_hash = %(hash)s and account.revoked_at is null
"""  # noqa: S608 our own

_HAS_FACTOR = f"""exists(select from {Authenticator._meta.db_table} factor
              where factor.user_id = person.id and factor.type in ('totp', 'webauthn'))"""

_BY_NAME = f"""
select person.id, person.password, person.device_secret, person.must_choose_password,
       {_HAS_FACTOR} or exists(select from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = any(%(roles)s)),
       coalesce(person.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1),
       {_HISTORY}
  from accounts_user person
 where person.username = %(username)s and person.is_active
"""  # noqa: S608 the table's name


@dataclass(frozen=True, slots=True)
class FieldLogin:
    """The worker behind a phone's request, and the field account it came through."""

    worker: Worker
    field_account_id: int | None  # None with user name and password
    contact_due: bool = False  # the last recorded contact is over a minute old
    opens_desk: bool = (
        True  # what was sent is enough for more than a phone's work (passwords.log_in)
    )
    api_token_id: int | None = None  # a program's token in the place of the password


def authenticate_token(token: str) -> FieldLogin | None:
    """The login of the phone with this token; None when it is unknown or revoked, or its owner inactive.

    One SQL statement per request, so that a revocation takes effect with the next request.
    """
    row = run(_BY_TOKEN, {"hash": token_hash(token)})
    if row is None:
        return None
    account_id, user_id, contact_due, areas, history = row
    worker = Worker(user_id, tuple(areas), tuple(history))
    return FieldLogin(worker, account_id, contact_due, opens_desk=False)


@dataclass(frozen=True, slots=True)
class StoredCredentials:
    """The login of an active user, and the stored password and Digest secret that prove it."""

    login: FieldLogin
    password: str  # as Django stores it
    device_secret: bytes | None
    must_choose: bool  # the password was handed out
    needs_factor: bool  # a second factor is set up, or a role asks for it


def stored_credentials(username: str) -> StoredCredentials | None:
    """The credentials of the active user of this name; None when there is none. One SQL statement."""
    if "\0" in username:
        return None
    row = run(_BY_NAME, {"username": username, "roles": list(settings.RUHU_SECOND_FACTOR)})
    if row is None:
        return None
    user_id, password, device_secret, must_choose, needs_factor, contact_due, areas, history = row
    worker = Worker(user_id, tuple(areas), tuple(history))
    login = FieldLogin(worker, None, contact_due, not (must_choose or needs_factor))
    return StoredCredentials(login, password, device_secret, must_choose, needs_factor)


def device_login(username: str) -> tuple[bytes, FieldLogin | None]:
    """The Digest secret of a user name and the login it opens; for other names a secret that nobody knows, and None."""
    credentials = stored_credentials(username)
    if credentials is None or credentials.device_secret is None:
        return opened_secret("", _decoy_secret()), None
    return opened_secret(username, credentials.device_secret), credentials.login


def office_access(login: FieldLogin) -> Access:
    """The access of the user behind a password; none for a phone's token."""
    if login.field_account_id is not None:
        return Access(0, ())
    grants = RoleGrant.objects.filter(user_id=login.worker.user_id)
    return Access(login.worker.user_id, tuple(grants.values_list("role", "area")))


def history_of(user_id: int) -> tuple[str, ...]:
    """The areas in which the user works or worked, as `Worker.history`."""
    row = run(f"select {_HISTORY} from accounts_user person where id = %(user)s", {"user": user_id})  # noqa: S608 our own
    return tuple(row[0]) if row else ()


def user(user_id: int) -> User:
    """The user with this primary key."""
    return User.objects.get(pk=user_id)


def user_named(username: str) -> User:
    """The user of this name, active or not. Raises UnknownUser."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UnknownUser(username=username[:150])
    return user


def users() -> QuerySet[User]:
    """All users, with their grants, former grants and field accounts prefetched."""
    return User.objects.prefetch_related(
        "grants",
        "former_grants",
        Prefetch("field_accounts", FieldAccount.objects.order_by("created_at")),
    )


def workers(access: Access) -> QuerySet[User]:
    """The community workers of the user's areas."""
    grants = RoleGrant.objects.filter(access.within("area"), role=Role.WORKER)
    return users().filter(pk__in=grants.values("user"))


def grants_near(access: Access) -> QuerySet[RoleGrant]:
    """The grants in the user's areas and over them: of colleagues, whose names the user may read."""
    over = {area[:length] for area in access.areas() for length in range(len(area) + 1)}
    return RoleGrant.objects.filter(access.within("area") | Q(area__in=over))


def colleagues_in(access: Access, area: str) -> QuerySet[User]:
    """The colleagues of the user who work in, or over, a division, by name."""
    grants = grants_near(access).filter(
        Q(area__startswith=area) | Q(area__in=[area[:length] for length in range(len(area) + 1)])
    )
    return User.objects.filter(pk__in=grants.values("user"), is_active=True).order_by("username")


def colleagues(access: Access, user_ids: Iterable[int]) -> QuerySet[User]:
    """Those of the users who work in, or over, an area of the user's."""
    return User.objects.filter(pk__in=user_ids, grants__in=grants_near(access)).distinct()


def manageable_workers(access: Access, roles: Iterable[str] = REVIEWERS) -> QuerySet[User]:
    """The workers with no area outside those where the user holds one of the roles, by name.

    By default those whose phones the user may manage: a code for a worker opens everything
    that worker may see, so one area elsewhere excludes a worker.
    """
    grants, inside = RoleGrant.objects.filter(role=Role.WORKER), access.within("area", roles)
    mine, elsewhere = grants.filter(inside), grants.exclude(inside)
    rows = users().filter(pk__in=mine.values("user")).exclude(pk__in=elsewhere.values("user"))
    return rows.order_by("username")


def people(access: Access) -> QuerySet[User]:
    """The users who hold a role in an area that the user administers; all of them for an administrator of everywhere."""
    if access.administers([""]):
        return users().order_by("username")
    grants = RoleGrant.objects.filter(access.within("area", ADMINISTRATORS))
    return users().filter(pk__in=grants.values("user")).order_by("username")


def administered_grants(access: Access, user: User) -> list[RoleGrant]:
    """The user's roles in areas that the reader administers; what is held elsewhere is nobody's business here."""
    return [grant for grant in user.grants.all() if access.may(ADMINISTRATORS, grant.area)]


def administered_former_grants(access: Access, user: User) -> list[FormerGrant]:
    """The roles that the user held before in areas that the reader administers, the latest first."""
    return [was for was in user.former_grants.all() if access.may(ADMINISTRATORS, was.area)]


def former_work(access: Access, user: User) -> list[FormerGrant]:
    """The areas of the reader's office in which the user was a worker before, the latest first."""
    return [
        was
        for was in user.former_grants.all()
        if was.role == Role.WORKER and access.may(REVIEWERS, was.area)
    ]


def is_administered(access: Access, user: User) -> bool:
    """Whether the reader administers all areas of the user, and so may decide about the account as a whole."""
    return access.administers(grant.area for grant in user.grants.all())


def may_set_password(access: Access, user: User) -> bool:
    """Whether the user may end and replace this person's password."""
    return access.may_give((grant.role, grant.area) for grant in user.grants.all())


def audit_entries(access: Access) -> QuerySet[AuditEntry]:
    """The acts that the user may see, newest first.

    Those of the areas that the user administers, the user's own, and refused log-ins under
    the user's own name.
    """
    own_name = User.objects.filter(pk=access.user_id).values("username")
    refused = Q(act=Act.LOG_IN_FAILED, object_type="user", object_id__in=own_name)
    own = Q(actor_id=access.user_id) | refused
    rows = AuditEntry.objects.filter(access.within(roles=ADMINISTRATORS) | own)
    return rows.select_related("actor").order_by("-id")


def disclosures(access: Access) -> QuerySet[AuditEntry]:
    """The acts in the areas that the user reviews by which somebody saw what is protected, newest first.

    Keys of encrypted forms belong to no area: disclosures about them are for every user who
    may publish forms.
    """
    rows = access.within(roles=REVIEWERS)
    if access.areas(PUBLISHERS):
        rows |= Q(object_type=KEY)
    seen = AuditEntry.objects.filter(rows, act__in=DISCLOSURES)
    return seen.select_related("actor").order_by("-at", "-id")


@cache
def _decoy_secret() -> bytes:
    return sealed_secret("", secrets.token_hex(16))
