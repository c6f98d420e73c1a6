"""Drops the columns in the clear, which are empty, and gives their names to the sealed ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("submissions", "0018_seal_columns")]
    operations = [
        migrations.RemoveField("deletion", "reason"),
        migrations.RenameField("deletion", "reason_sealed", "reason"),
        migrations.RemoveField("reviewdecision", "reason"),
        migrations.RenameField("reviewdecision", "reason_sealed", "reason"),
        migrations.RemoveField("comment", "body"),
        migrations.RenameField("comment", "body_sealed", "body"),
    ]
