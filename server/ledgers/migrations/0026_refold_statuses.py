"""Persons of whom several records speak are due to be folded again: their rows now remember employment statuses."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0025_changed_entries'),
    ]

    operations = [
        migrations.RunSQL(
            """
            update ledgers_person person set refold_on = date '2005-01-01'
             where emp_status is not null
               and (select count(*) from ledgers_contribution
                     where ledgers_contribution.entry = person.id) > 1
            """,
            migrations.RunSQL.noop,
        ),
    ]
