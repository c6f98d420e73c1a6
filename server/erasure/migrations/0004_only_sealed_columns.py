"""Drops the columns in the clear, which are empty, and gives their names to the sealed ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("erasure", "0003_seal_columns")]
    operations = [
        migrations.RemoveField("erasure", "reason"),
        migrations.RenameField("erasure", "reason_sealed", "reason"),
    ]
