"""Adds a sealed column beside each that holds somebody's words (decision 0315)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quarantine", "0003_sender_history")]
    operations = [
        migrations.AddField(
            "quarantined", "resolved_note_sealed", models.BinaryField(blank=True, default=b"")
        ),
        migrations.AddField(
            "repair",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "reopening",
            "dismissed_note_sealed",
            models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "reopening",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
    ]
