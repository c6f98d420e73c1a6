"""Certificates and what else is done for persons are marked, so that the worker computes their facts."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0006_mark_vacancies'),
    ]

    operations = [
        migrations.RunSQL(
            """
            insert into ledgers_changedentry (family, entry)
            select 'certificate', id from ledgers_certificate
            union all select 'loan', id from ledgers_loan
            union all select 'training', id from ledgers_training
            union all select 'policy', id from ledgers_policy
            union all select 'transfer', id from ledgers_transfer
            """,
            migrations.RunSQL.noop,
        ),
    ]
