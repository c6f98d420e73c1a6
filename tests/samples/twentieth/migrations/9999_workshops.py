"""Makes what `./ruhu makemigrations` would write for the made-up ledger: its tables, and the words that constraints allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import migrations

import server
from server.ledgers.definitions.ledgers import LEDGERS

_FOLDER = Path(str(server.__file__)).parent / "ledgers" / "migrations"
_LAST = max(file.stem for file in _FOLDER.glob("0*.py"))


def make(_apps: Any, editor: Any) -> None:
    from django.apps import apps

    for ledger in ("workshop", "workshop_place"):
        editor.create_model(LEDGERS[ledger])
    for model in apps.get_app_config("ledgers").get_models():
        for constraint in model._meta.constraints:
            if constraint.name.endswith("_is_of_a_known_family"):
                editor.remove_constraint(model, constraint)
                editor.add_constraint(model, constraint)


class Migration(migrations.Migration):
    dependencies = [("ledgers", _LAST)]
    operations = [migrations.RunPython(make)]
