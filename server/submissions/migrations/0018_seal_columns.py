"""Seals what these columns hold, in batches that are committed one by one: killed, it goes on."""

from django.db import migrations

from server.core.sealing_columns import seal_columns


def forwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    seal_columns(alias, "submissions_deletion", texts=("reason",))
    seal_columns(alias, "submissions_reviewdecision", texts=("reason",))
    seal_columns(alias, "submissions_comment", texts=("body",))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("submissions", "0017_room_for_sealed_columns")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
