"""Persons are due to be folded again who moved out, who died, or who were at home with a namesake: the rules for them changed."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0021_lists_in_order'),
    ]

    operations = [
        migrations.RunSQL(
            """
            update ledgers_person person set refold_on = date '2005-01-01'
             where person_status = '2' or death_date is not null
                or exists (select from ledgers_membership mine
                             join ledgers_membership theirs
                               on theirs.household_id = mine.household_id
                              and theirs.person_id <> mine.person_id
                             join ledgers_person namesake on namesake.id = theirs.person_id
                            where mine.person_id = person.id and namesake.name = person.name)
            """,
            migrations.RunSQL.noop,
        ),
    ]
