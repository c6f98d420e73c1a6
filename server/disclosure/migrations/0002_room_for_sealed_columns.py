"""Adds a sealed column beside each that holds somebody's words (decision 0315)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_export_permits")]
    operations = [
        migrations.AddField(
            "exportpermit",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "exportpermit", "note_sealed", models.BinaryField(blank=True, default=b"")
        ),
    ]
