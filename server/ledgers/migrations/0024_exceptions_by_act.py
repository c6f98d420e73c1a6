from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledgers', '0023_exceptions_resolved_by_acts'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='ledgerexception',
            index=models.Index(condition=models.Q(('act__isnull', False)), fields=['act'], name='exceptions_by_act'),
        ),
    ]
