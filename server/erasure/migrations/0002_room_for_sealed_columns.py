"""Adds a sealed column beside each that holds somebody's words (decision 0315)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("erasure", "0001_erasures")]
    operations = [
        migrations.AddField(
            "erasure",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
    ]
