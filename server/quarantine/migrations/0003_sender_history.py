"""Each item knows the areas that its sender held at receipt and before, with their days."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quarantine', '0002_held_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='quarantined',
            name='sender_history',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None),
        ),
    ]
