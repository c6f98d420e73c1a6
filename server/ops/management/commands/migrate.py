"""./ruhu migrate: Django's command, which then brings the policies of the tables in step."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.ops import policies_in_force
from server.ops.migration_states import changed_models_alone


class Command(DjangoCommand):
    help = gettext_noop("Apply migrations, and bring the policies of row-level security in step.")

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Drops the policies before migrations, which may change a column that one names."""
        looks_only = options["plan"] or options["check_unapplied"] or options["prune"]
        if looks_only:
            super().handle(*arguments, **options)
            return
        executor = MigrationExecutor(connection)
        if options["app_label"] or executor.migration_plan(executor.loader.graph.leaf_nodes()):
            policies_in_force.release()
        if options["migration_name"]:  # perhaps an earlier one
            super().handle(*arguments, **options)
        else:
            with changed_models_alone():
                super().handle(*arguments, **options)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return  # an older state of the tables; without policies requests see no row
        if not policies_in_force.apply():
            self.stderr.write(
                _("Row-level security is off: make the roles with './ruhu policies --sql'.")
            )
