"""Each service of accounts and of the log, called once: which acts the log then has (tests/rooms/test_audit_of_services.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import override_settings

from server.accounts import identity_provider, own, passwords, scripts, second_factors, tokens
from server.accounts import services as accounts
from server.audit.models import Act
from server.audit.services import record, record_list
from server.core.clock import now
from tests.conftest import COMMUNITY, STREET
from tests.factories.audited import AT
from tests.factories.audited_records import Case


@override_settings(RUHU_OIDC_ISSUER="https://id.example")
def _at_the_provider(service: Callable[..., None], office: Any, **named: str) -> None:
    """Call a service of links at an office that has an identity provider."""
    service(user=office.user, actor=office.chief, **named)


ACCOUNTS = {
    "accounts.passwords.log_in": Case(
        lambda office: passwords.log_in("li", "wrong", address="192.0.2.1"),
        (Act.LOG_IN_FAILED,),
        actor="",
    ),
    "accounts.passwords.wrong_digest": Case(
        lambda office: office.wrong_digest(), (Act.LOG_IN_FAILED,), lambda office: office.worker, ""
    ),
    "accounts.own.choose_password": Case(
        lambda office: own.choose_password(
            user=office.chief, current="correct horse", password="staple battery 9", keeps=b""
        ),
        (Act.PASSWORD_CHOSEN,),
    ),
    "accounts.own.end_session": Case(
        lambda office: own.end_session(
            user=office.chief, number=office.chief.sessions.get(is_program=True).pk
        ),
        (Act.SESSIONS_ENDED,),
        lambda office: scripts.begin(user=office.chief, at=now()),
    ),
    "accounts.own.end_other_sessions": Case(
        lambda office: own.end_other_sessions(user=office.chief, keeps=b""),
        (Act.SESSIONS_ENDED,),
    ),
    "accounts.second_factors.added": Case(
        lambda office: second_factors.added(user=office.chief, kind="totp", keeps=b""),
        (Act.FACTOR_ADDED,),
    ),
    "accounts.second_factors.removed": Case(
        lambda office: second_factors.removed(user=office.chief, kind="totp"),
        (Act.FACTOR_REMOVED,),
    ),
    "accounts.second_factors.reset": Case(
        lambda office: second_factors.reset(user=office.user, actor=office.chief),
        (Act.FACTORS_RESET,),
    ),
    "accounts.second_factors.wrong_code": Case(
        lambda office: second_factors.wrong_code(office.user, "192.0.2.1"),
        (Act.LOG_IN_FAILED,),
        actor="",
    ),
    "accounts.identity_provider.link": Case(
        lambda office: _at_the_provider(identity_provider.link, office, subject="s-1"),
        (Act.SIGN_IN_LINKED,),
    ),
    "accounts.identity_provider.unlink": Case(
        lambda office: _at_the_provider(identity_provider.unlink, office),
        (Act.SIGN_IN_UNLINKED,),
        lambda office: _at_the_provider(identity_provider.link, office, subject="s-1"),
    ),
    "accounts.identity_provider.record_refusal": Case(
        lambda office: identity_provider.record_refusal(
            "AccountClosed", address="192.0.2.1", user=office.user
        ),
        (Act.LOG_IN_FAILED,),
        actor="",
    ),
    "accounts.tokens.make": Case(
        lambda office: tokens.make(user=office.chief, label="BI", days=30, at=now()),
        (Act.TOKEN_MADE,),
    ),
    "accounts.tokens.revoke": Case(
        lambda office: tokens.revoke(
            user=office.chief, number=office.chief.api_tokens.get().pk, at=now()
        ),
        (Act.TOKEN_REVOKED,),
        lambda office: tokens.make(user=office.chief, label="BI", days=30, at=now()),
    ),
    "accounts.scripts.begin": Case(
        lambda office: scripts.begin(user=office.chief, at=AT), (Act.LOG_IN,)
    ),
    "accounts.scripts.end": Case(
        lambda office: scripts.end(token=scripts.begin(user=office.chief, at=now()).token),
        (Act.LOG_IN, Act.LOG_OUT),
    ),
    "accounts.services.record_log_in": Case(
        lambda office: accounts.record_log_in(office.chief, by="session"), (Act.LOG_IN,)
    ),
    "accounts.services.record_log_out": Case(
        lambda office: accounts.record_log_out(office.chief, by="session"), (Act.LOG_OUT,)
    ),
    "accounts.services.create_user": Case(
        lambda office: accounts.create_user(
            username="he", role="street", areas=[STREET], actor=office.chief
        ),
        (Act.USER_CREATED,),
    ),
    "accounts.services.add_worker": Case(
        lambda office: accounts.add_worker(username="he", areas=[COMMUNITY], actor=office.chief),
        (Act.USER_CREATED, Act.PASSWORD_REPLACED, Act.CODE_ISSUED),
    ),
    "accounts.services.replace_phone": Case(
        lambda office: accounts.replace_phone(user=office.user, at=AT, actor=office.chief),
        (Act.CODE_REVOKED, Act.PASSWORD_REPLACED, Act.CODE_ISSUED),
        lambda office: office.code,
    ),
    "accounts.services.shut_out": Case(
        lambda office: accounts.shut_out(user=office.worker.user, at=AT, actor=office.chief),
        (Act.PASSWORD_ENDED, Act.CODE_REVOKED),
        lambda office: office.worker,
    ),
    "accounts.services.replace_codes": Case(
        lambda office: accounts.replace_codes(users=[office.user], at=AT, actor=office.chief),
        (Act.CODE_REVOKED, Act.CODE_ISSUED),
        lambda office: office.code,
    ),
    "accounts.services.add_codes": Case(
        lambda office: accounts.add_codes(users=[office.user, office.chief], actor=office.chief),
        (Act.CODE_ISSUED, Act.CODE_ISSUED),
    ),
    "accounts.services.end_codes": Case(
        lambda office: accounts.end_codes(users=[office.user], at=AT, actor=office.chief),
        (Act.CODE_REVOKED,),
        lambda office: office.code,
    ),
    "accounts.services.replace_password": Case(
        lambda office: accounts.replace_password(user=office.user, actor=office.chief),
        (Act.PASSWORD_REPLACED,),
    ),
    "accounts.services.set_active": Case(
        lambda office: accounts.set_active(user=office.user, is_active=False, actor=office.chief),
        (Act.USER_STATE,),
    ),
    "accounts.roles.grant": Case(
        lambda office: accounts.grant(
            user=office.user, role="street", area=STREET, actor=office.chief
        ),
        (Act.ROLE_GRANTED,),
    ),
    "accounts.roles.take_role": Case(
        lambda office: accounts.take_role(
            user=office.user, role="worker", area=COMMUNITY, actor=office.chief
        ),
        (Act.ROLE_TAKEN,),
    ),
    "accounts.services.end_sessions": Case(
        lambda office: accounts.end_sessions(user=office.user, actor=office.chief),
        (Act.SESSIONS_ENDED,),
    ),
    "accounts.services.issue_token": Case(
        lambda office: accounts.issue_token(user=office.user, actor=office.chief),
        (Act.CODE_ISSUED,),
    ),
    "accounts.services.rotate_token": Case(
        lambda office: accounts.rotate_token(account=office.code, at=AT, actor=office.chief),
        (Act.CODE_REVOKED, Act.CODE_ISSUED),
        lambda office: office.code,
    ),
    "accounts.services.revoke": Case(
        lambda office: accounts.revoke(accounts=[office.code], at=AT, actor=office.chief),
        (Act.CODE_REVOKED,),
        lambda office: office.code,
    ),
    "audit.services.record": Case(
        lambda office: record(Act.FIND, actor=office.access), (Act.FIND,)
    ),
    "audit.services.record_list": Case(
        lambda office: record_list(actor=office.chief, of="person", area=STREET, rows=500),
        (Act.LIST_READ,),
    ),
}
