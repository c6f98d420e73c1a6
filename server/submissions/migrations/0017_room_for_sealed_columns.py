"""Adds a sealed column beside each that holds somebody's words (decision 0315)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0016_sender_history")]
    operations = [
        migrations.AddField(
            "deletion",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "reviewdecision",
            "reason_sealed",
            models.BinaryField(blank=True, verbose_name="reason", default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "comment", "body_sealed", models.BinaryField(default=b""), preserve_default=False
        ),
    ]
