"""Seals what these columns hold, in batches that are committed one by one: killed, it goes on."""

from django.db import migrations

from server.core.sealing_columns import seal_columns


def forwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    seal_columns(alias, "erasure_erasure", texts=("reason",))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("erasure", "0002_room_for_sealed_columns")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
