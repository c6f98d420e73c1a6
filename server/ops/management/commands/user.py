"""./ruhu user add|list: the people who log in to the console."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from server.accounts import selectors, services
from server.accounts.models import Role
from server.core.problems import Problem


class Command(BaseCommand):
    help = "Make users and list them."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="make a user and print the generated password, this once")
        add.add_argument("username")
        add.add_argument("--name", default="", help="the person's name, as shown on screens")
        add.add_argument("--role", required=True, choices=Role.values)
        add.add_argument(
            "--area",
            required=True,
            action="append",
            help="division code or its leading digits, '' for everywhere; may be repeated",
        )
        add.add_argument("--json", action="store_true", help="print one JSON object")
        listing = acts.add_parser("list", help="list users with their roles")
        listing.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            self._list(as_json=options["json"])
            return
        try:
            made = services.create_user(
                username=options["username"],
                name=options["name"],
                role=options["role"],
                areas=options["area"],
            )
        except Problem as problem:
            raise CommandError(str(problem)) from None
        told = {
            "username": made.user.username,
            "password": made.password,
            "role": options["role"],
            "areas": options["area"],
        }
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write(f"{made.user.username}  password: {made.password}")

    def _list(self, *, as_json: bool) -> None:
        rows: list[dict[str, Any]] = [
            {
                "username": user.username,
                "name": user.name,
                "active": user.is_active,
                "roles": [{"role": grant.role, "area": grant.area} for grant in user.grants.all()],
            }
            for user in selectors.users()
        ]
        if as_json:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            roles = ", ".join(f"{held['role']}@{held['area'] or '*'}" for held in row["roles"])
            self.stdout.write(f"{row['username']:<24} {row['name']:<16} {roles}")
