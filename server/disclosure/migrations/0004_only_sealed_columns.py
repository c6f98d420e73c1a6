"""Drops the columns in the clear, which are empty, and gives their names to the sealed ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0003_seal_columns")]
    operations = [
        migrations.RemoveField("exportpermit", "reason"),
        migrations.RenameField("exportpermit", "reason_sealed", "reason"),
        migrations.RemoveField("exportpermit", "note"),
        migrations.RenameField("exportpermit", "note_sealed", "note"),
    ]
