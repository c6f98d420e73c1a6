"""The order of the list of cases: open ones first, which the former index had last."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("ledgers", "0029_arithmetic_and_stale"),)

    operations = (
        AddIndexConcurrently(
            "assistancecase",
            models.Index(fields=["-closed_on", "next_due", "id"], name="cases_by_closing"),
        ),
        RemoveIndexConcurrently("assistancecase", "cases_open_first"),
    )
