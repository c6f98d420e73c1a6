"""Households, employers and the registered unemployed are due to be folded again: new is who is proposed as the same and when a visit is due."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0026_refold_statuses'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='visit_due',
            field=models.DateField(null=True),
        ),
        migrations.RunSQL(
            """
            update ledgers_person person set refold_on = date '2005-01-01'
             where emp_status = '20'
                or exists (select from ledgers_assistancecase of_person
                            where of_person.subject_person_id = person.id and of_person.state <> '9');
            update ledgers_employer set refold_on = date '2005-01-01';
            update ledgers_household set refold_on = date '2005-01-01';
            """,
            migrations.RunSQL.noop,
        ),
    ]
