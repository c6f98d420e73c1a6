"""What desk acts made, by what they name: no submission leads to it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

LINKS = ("person", "vacancy")


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("ledgers", "0036_suggestions"),)

    operations = (
        *(
            AddIndexConcurrently(
                "contributionrow",
                models.Index(
                    KeyTextTransform(link, "links"),
                    name=f"desk_acts_that_name_a_{link}",
                    condition=Q(submission=None),
                ),
            )
            for link in LINKS
        ),
        *(
            AddIndexConcurrently(
                "deskact",
                models.Index(
                    KeyTextTransform(link, "links"),
                    name=f"suggestions_of_a_{link}",
                    condition=Q(kind="suggest"),
                ),
            )
            for link in LINKS
        ),
    )
