"""Seals what these columns hold, in batches that are committed one by one: killed, it goes on."""

from django.db import migrations

from server.core.sealing_columns import open_columns, seal_columns


def forwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    seal_columns(alias, "quarantine_quarantined", texts=("resolved_note",))
    seal_columns(alias, "quarantine_repair", texts=("reason",))
    seal_columns(alias, "quarantine_reopening", texts=("dismissed_note", "reason"))


def backwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    open_columns(alias, "quarantine_quarantined", texts=("resolved_note",))
    open_columns(alias, "quarantine_repair", texts=("reason",))
    open_columns(alias, "quarantine_reopening", texts=("dismissed_note", "reason"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quarantine", "0004_room_for_sealed_columns")]
    operations = [
        migrations.RunPython(forwards, backwards),
    ]
