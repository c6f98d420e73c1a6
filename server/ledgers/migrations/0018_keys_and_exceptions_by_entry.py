from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledgers', '0017_refold_vacancies'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='identitykey',
            index=models.Index(fields=['key'], name='keys_of_any_family'),
        ),
        AddIndexConcurrently(
            model_name='ledgerexception',
            index=models.Index(fields=['entry', 'family'], name='exceptions_by_entry'),
        ),
        RemoveIndexConcurrently(
            model_name='ledgerexception',
            name='exceptions_of_an_entry',
        ),
    ]
