"""Each version knows the areas that its sender held at receipt and before, with their days."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0015_deleting_and_erasing'),
    ]

    operations = [
        migrations.AddField(
            model_name='submissionversion',
            name='sender_history',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
        ),
    ]
