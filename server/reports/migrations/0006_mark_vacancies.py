"""Every vacancy is marked, so that the worker computes the facts of those that were there before."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0005_facts_of_registers'),
    ]

    operations = [
        migrations.RunSQL(
            "insert into ledgers_changedentry (family, entry) select 'vacancy', id from ledgers_vacancy",
            migrations.RunSQL.noop,
        ),
    ]
