"""Drops the columns in the clear, which are empty, and gives their names to the sealed ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quarantine", "0005_seal_columns")]
    operations = [
        migrations.RemoveField("quarantined", "resolved_note"),
        migrations.RenameField("quarantined", "resolved_note_sealed", "resolved_note"),
        migrations.AlterField("repair", "reason", models.TextField(default="")),
        migrations.RemoveField("repair", "reason"),
        migrations.RenameField("repair", "reason_sealed", "reason"),
        migrations.AlterField("reopening", "dismissed_note", models.TextField(default="")),
        migrations.RemoveField("reopening", "dismissed_note"),
        migrations.RenameField("reopening", "dismissed_note_sealed", "dismissed_note"),
        migrations.AlterField("reopening", "reason", models.TextField(default="")),
        migrations.RemoveField("reopening", "reason"),
        migrations.RenameField("reopening", "reason_sealed", "reason"),
    ]
