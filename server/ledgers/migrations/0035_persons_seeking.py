"""The persons among whom matching looks for seekers, by area."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("ledgers", "0034_rule_values"),)

    operations = (
        AddIndexConcurrently(
            "person",
            models.Index(
                fields=["area_code", "id"],
                name="persons_seeking",
                condition=models.Q(
                    models.Q(("job_willing", None), ("job_willing", True), _connector="OR"),
                    ("emp_status__in", ["20", "21", "22", "32"]),
                    ("person_status", "1"),
                ),
            ),
        ),
    )
