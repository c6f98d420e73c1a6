"""Users of the demo: office staff, and for each community a worker with a phone."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from django.db import transaction

from server.accounts import collect
from server.accounts.models import FieldAccount, Role, User
from server.accounts.services import create_user, grant, issue_token
from server.ops.demo import names
from server.ops.demo.boundaries import STREET, Community

SENDING = "demo"  # label of the field account that submits the demo's records; its token is shown to nobody
LEAFLETS = "demo phone"  # label of the field account whose token was shown; it exists once the demo is complete

REVIEWER = "street"
OFFICE = (
    (REVIEWER, "街道经办", Role.STREET, STREET),
    ("county", "区就业中心", Role.COUNTY, STREET[:6]),
    ("admin", "系统管理员", Role.ADMINISTRATOR, ""),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in, shown once. `token` is the phone's; "" for office staff."""

    username: str
    password: str
    role: str
    areas: tuple[str, ...]
    token: str = ""

    def as_json(self, server: str) -> dict[str, object]:
        """The members that `./ruhu demo --json` prints; a worker's as `./ruhu worker add --json` has them."""
        members: dict[str, object] = {
            "username": self.username,
            "password": self.password,
            "role": self.role,
            "areas": list(self.areas),
        }
        if self.token:
            base_url = collect.base_url(server, self.token)
            settings = collect.settings(
                server_url=base_url,
                project=self.username,
                person=self.username,
                chosen=collect.AreaSettings(),
            )
            members |= {
                "base_url": base_url,
                "collect": settings,
                "qr": collect.code_text(settings),
            }
        return members


def worker_of(community: Community) -> str:
    """The user name of a community's worker."""
    return f"worker{int(community.code[9:])}"


@transaction.atomic
def workers(communities: Iterable[Community]) -> dict[str, FieldAccount]:
    """The field account of each community's worker, by community code; created when missing."""
    accounts: dict[str, FieldAccount] = {}
    for community in communities:
        username = worker_of(community)
        user = User.objects.filter(username=username).first()
        if user is None:
            rng = Random(username)  # noqa: S311 a demo must repeat itself
            name = names.person_name(rng, woman=rng.random() < 0.7)
            user = create_user(
                username=username,
                name=name,
                role=Role.WORKER,
                areas=areas_of(community),
                must_choose=False,
                actor=None,
            ).user
        account = user.field_accounts.filter(label=SENDING).first()
        accounts[community.code] = account or issue_token(user=user, label=SENDING, actor=None)[0]
    return accounts


@transaction.atomic
def hand_out(communities: Iterable[Community]) -> list[Login]:
    """The log-ins of all demo users, with new passwords, and new tokens for the workers' phones.

    An office user whose name exists already is left as it is and not returned.
    """
    logins = []
    for username, name, role, area in OFFICE:
        if User.objects.filter(username=username).exists():
            continue
        created = create_user(
            username=username,
            name=name,
            role=role,
            areas=[area],
            must_choose=False,  # whoever looks at the demo uses what the terminal shows
            actor=None,
        )
        if role == Role.ADMINISTRATOR:
            grant(user=created.user, role=Role.RESTRICTED, area="", actor=None)
        logins.append(Login(username, created.password, role, (area,)))
    for community in communities:
        user = User.objects.get(username=worker_of(community))
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save(update_fields=("password",))
        _account, token = issue_token(user=user, label=LEAFLETS, actor=None)
        logins.append(Login(user.username, password, Role.WORKER, areas_of(community), token))
    return logins


def areas_of(community: Community) -> tuple[str, ...]:
    """The areas of the community's worker: its code, and the code that it had before."""
    return tuple(code for code in (community.code, community.former_code) if code)
