import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledgers', '0027_visits_due_and_likeness'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='employer',
            index=models.Index(fields=['name'], name='employer_by_name'),
        ),
        AddIndexConcurrently(
            model_name='person',
            index=models.Index(models.F('birth_date'), django.db.models.functions.text.Left('area_code', 9), name='person_by_birth_in_office'),
        ),
    ]
