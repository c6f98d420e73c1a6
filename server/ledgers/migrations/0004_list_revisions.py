"""The counters behind the entity lists' hashes are called revisions; they count on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledgers", "0003_known_words"),
    ]

    operations = [
        migrations.RenameModel(
            old_name="EntityListMark",
            new_name="EntityListRevision",
        ),
        migrations.RenameField(
            model_name="entitylistrevision",
            old_name="mark",
            new_name="revision",
        ),
        migrations.RemoveConstraint(
            model_name="entitylistrevision",
            name="one_mark_per_list_and_area",
        ),
        migrations.AddConstraint(
            model_name="entitylistrevision",
            constraint=models.UniqueConstraint(
                fields=("list", "area_code"), name="one_revision_per_list_and_area"
            ),
        ),
    ]
