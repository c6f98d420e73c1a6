"""Every person and household is marked, so that the worker computes the facts of ledgers that were there before."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0001_facts'),
        ('ledgers', '0026_refold_statuses'),
    ]

    operations = [
        migrations.RunSQL(
            """
            insert into ledgers_changedentry (family, entry)
            select 'household', id from ledgers_household
            union all select 'person', id from ledgers_person
            """,
            migrations.RunSQL.noop,
        ),
    ]
