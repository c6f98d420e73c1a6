"""./ruhu worker add|list|lost|revoke: community workers and their phones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts import collect, contact, selectors, services
from server.accounts.models import FieldAccount, Role
from server.accounts.phone_settings import chosen_for
from server.core import clock
from server.core.problems import Problem
from server.ops.tables import table

LOCAL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = gettext_noop(
        "Create community workers with their Collect settings, list them, shut their phones out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser(
            "add",
            help=_("create a worker; print log-in, address and QR code for Collect, only once"),
        )
        add.add_argument("username")
        add.add_argument("--name", default="", help=_("the person's name, as shown on screens"))
        add.add_argument(
            "--area",
            required=True,
            action="append",
            help=_("division code or its leading digits; may be repeated"),
        )
        lost = acts.add_parser(
            "lost",
            help=_("end all QR codes and the password of a worker; print new ones, only once"),
        )
        lost.add_argument("username")
        for parser_ in (add, lost):
            parser_.add_argument(
                "--base-url",
                default=settings.RUHU_BASE_URL or LOCAL,
                help=_("where phones reach this server (default: %(default)s)"),
            )
            parser_.add_argument("--json", action="store_true", help=_("print one JSON object"))
        listing = acts.add_parser("list", help=_("list workers and their phones"))
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        revoke = acts.add_parser(
            "revoke",
            help=_("shut out all phones of a worker at once, and end the password made for them"),
        )
        revoke.add_argument("username")
        revoke.add_argument("--json", action="store_true", help=_("print one JSON object"))

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
        worker = services.add_worker(
            username=options["username"],
            name=options["name"],
            areas=options["area"],
            actor=None,
        )
        self._print(worker, options)

    def _lost(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        self._print(services.replace_phone(user=user, at=clock.now(), actor=None), options)

    def _print(self, worker: services.NewWorker, options: dict[str, Any]) -> None:
        base_url = collect.base_url(options["base_url"], worker.token)
        collect_settings = collect.settings(
            server_url=base_url,
            project=worker.user.name,
            person=worker.user.username,
            chosen=chosen_for(worker.user),
        )
        text = collect.code_text(collect_settings)
        if options["json"]:
            members = {
                "username": worker.user.username,
                "password": worker.password,
                "areas": [grant.area for grant in worker.user.grants.filter(role=Role.WORKER)],
                "field_account": worker.field_account.pk,
                "base_url": base_url,
                "password_url": f"{options['base_url'].rstrip('/')}/odk",
                "collect": collect.without_password(collect_settings),
                "qr": text,
            }
            self.stdout.write(json.dumps(members, ensure_ascii=False))
            return
        self.stdout.write(
            table(
                [
                    (_("User name"), worker.user.username),
                    (_("Password"), worker.password),
                    (_("Server address in Collect"), base_url),
                    (
                        _("or with user name and password"),
                        f"{options['base_url'].rstrip('/')}/odk",
                    ),
                ]
            )
        )
        self.stdout.write(_("In Collect choose “Configure with QR code” and scan:"))
        self.stdout.write(collect.terminal(text))
        if host := collect.unreachable_host(base_url):
            self.stderr.write(
                _(
                    "No phone can reach {host}: start with './ruhu up --host 0.0.0.0', or give --base-url, and make a new code with './ruhu worker lost {username}'."
                ).format(host=host, username=worker.user.username)
            )

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
        if not rows:
            self.stdout.write(
                _("No worker yet; create one with './ruhu worker add NAME --area CODE'.")
            )
            return
        head = (_("User name"), _("Name"), _("Area"), _("Phones"), _("Last contact"))
        self.stdout.write(table([head, *map(_line, rows)]))

    def _revoke(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        revoked = services.shut_out(user=user, at=clock.now(), actor=None)
        if options["json"]:
            self.stdout.write(json.dumps({"username": user.username, "revoked": revoked}))
        else:
            sentence = _(
                "{username}: {revoked} phones shut out. Records not sent yet stay on the phones."
            )
            self.stdout.write(sentence.format(username=user.username, revoked=revoked))


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    """A worker as a row of the table: number of phones let in, and their last contact."""
    phones = [phone for phone in row["phones"] if phone["revoked_at"] is None]
    last_contact = max(
        (phone["last_seen_at"] for phone in phones if phone["last_seen_at"]), default=""
    )
    areas = " ".join(area or "*" for area in row["areas"])
    shown = (
        f"{localtime(datetime.fromisoformat(last_contact)):%Y-%m-%d %H:%M}" if last_contact else "—"
    )
    return row["username"], row["name"], areas, len(phones), shown


def _phone(account: FieldAccount) -> dict[str, Any]:
    return {
        "field_account": account.pk,
        "created_at": account.created_at.isoformat(),
        "revoked_at": account.revoked_at and account.revoked_at.isoformat(),
        "last_seen_at": account.last_seen_at and account.last_seen_at.isoformat(),
        "app": contact.app(account.user_agent),
        "clock_ahead": account.clock_ahead,
        "record_received_at": account.record_received_at and account.record_received_at.isoformat(),
        "record_finished_at": account.record_finished_at and account.record_finished_at.isoformat(),
    }
