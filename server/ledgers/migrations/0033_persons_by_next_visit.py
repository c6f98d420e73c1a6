"""The order of visits due to persons without a case, whom no index had in it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("ledgers", "0032_corrected"),)

    operations = (
        AddIndexConcurrently(
            "person",
            models.Index(
                fields=["visit_due", "id"],
                name="persons_by_next_visit",
                condition=models.Q(visit_due__isnull=False),
            ),
        ),
    )
