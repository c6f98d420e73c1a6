"""./ruhu worker add|list|lost|revoke: community workers and their phones."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from server.accounts import collect, contact, selectors, services
from server.accounts.models import FieldAccount, Role, User
from server.accounts.problems import UnknownUser
from server.core import clock
from server.core.problems import Problem

LOCAL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Make community workers with their Collect settings, list them, shut phones out."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser(
            "add", help="make a worker; print log-in, address and settings for Collect, this once"
        )
        add.add_argument("username")
        add.add_argument("--name", default="", help="the person's name, as shown on screens")
        add.add_argument(
            "--area",
            required=True,
            action="append",
            help="division code or its leading digits; may be repeated",
        )
        lost = acts.add_parser(
            "lost", help="end all codes and the password of a worker, and print new ones, this once"
        )
        lost.add_argument("username")
        for parser_ in (add, lost):
            parser_.add_argument(
                "--base-url",
                default=settings.RUHU_BASE_URL or LOCAL,
                help="where phones reach this server (default: RUHU_BASE_URL, else %(default)s)",
            )
            parser_.add_argument("--json", action="store_true", help="print one JSON object")
        listing = acts.add_parser("list", help="list workers and their phones")
        listing.add_argument("--json", action="store_true", help="print a JSON array")
        revoke = acts.add_parser(
            "revoke",
            help="shut all phones of a worker out, at once, with the password made for them",
        )
        revoke.add_argument("username")
        revoke.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        act = {
            "add": self._add,
            "list": self._list,
            "lost": self._lost,
            "revoke": self._revoke,
        }[options["act"]]
        try:
            act(options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _add(self, options: dict[str, Any]) -> None:
        made = services.add_worker(
            username=options["username"], name=options["name"], areas=options["area"]
        )
        self._tell(made, options)

    def _lost(self, options: dict[str, Any]) -> None:
        self._tell(services.replace_phone(user=_user(options), at=clock.now()), options)

    def _tell(self, made: services.NewWorker, options: dict[str, Any]) -> None:
        base_url = collect.base_url(options["base_url"], made.token)
        collect_settings = collect.settings(server_url=base_url, project=made.user.name)
        text = collect.code_text(collect_settings)
        if options["json"]:
            told = {
                "username": made.user.username,
                "password": made.password,
                "areas": [grant.area for grant in made.user.grants.filter(role=Role.WORKER)],
                "field_account": made.field_account.pk,
                "base_url": base_url,
                "password_url": f"{options['base_url'].rstrip('/')}/odk",
                "collect": collect_settings,
                "qr": text,
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(f"{made.user.username}  password: {made.password}")
        self.stdout.write(f"Collect: {base_url}")
        self.stdout.write(f"or with user name and password: {options['base_url'].rstrip('/')}/odk")
        self.stdout.write(collect.terminal(text))

    def _list(self, options: dict[str, Any]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "username": user.username,
                "name": user.name,
                "active": user.is_active,
                "areas": [grant.area for grant in user.grants.all() if grant.role == Role.WORKER],
                "phones": [_phone(account) for account in user.field_accounts.all()],
            }
            for user in selectors.users().filter(grants__role=Role.WORKER).distinct()
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            phones = sum(phone["revoked_at"] is None for phone in row["phones"])
            areas = " ".join(area or "*" for area in row["areas"])
            self.stdout.write(f"{row['username']:<24} {row['name']:<16} {areas}  phones: {phones}")

    def _revoke(self, options: dict[str, Any]) -> None:
        user = _user(options)
        revoked = services.shut_out(user=user, at=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"username": user.username, "revoked": revoked}))
        else:
            self.stdout.write(f"{user.username}  phones shut out: {revoked}")


def _user(options: dict[str, Any]) -> User:
    user = User.objects.filter(username=options["username"]).first()
    if user is None:
        raise UnknownUser(username=options["username"][:150])
    return user


def _phone(account: FieldAccount) -> dict[str, Any]:
    return {
        "field_account": account.pk,
        "created_at": account.created_at.isoformat(),
        "revoked_at": account.revoked_at and account.revoked_at.isoformat(),
        "last_seen_at": account.last_seen_at and account.last_seen_at.isoformat(),
        "app": contact.app(account.user_agent),
        "clock_ahead": account.clock_ahead,
    }
