"""Rows remember their states; skill grades and titles add up; new kinds of exceptions."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


def _as_array(column):
    """What was one code becomes a list of one."""
    return migrations.RunSQL(
        f'alter table ledgers_person alter column "{column}" type varchar(10)[]'
        f' using case when "{column}" is not null then array["{column}"] end',
        f'alter table ledgers_person alter column "{column}" type varchar(10) using "{column}"[1]',
    )


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0009_moves_within_a_street'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='ledgerexception',
            name='an_exception_is_of_a_known_kind',
        ),
        migrations.AddField(
            model_name='assistancecase',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='employer',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='household',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='person',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='spell',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='vacancy',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='visit',
            name='history',
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name='ledgerexception',
            name='kind',
            field=models.CharField(choices=[('conflict', 'conflicting values'), ('name_differs', 'same ID number, other name'), ('two_hukou_households', 'registered in two households'), ('moved_within', 'moved within the street'), ('bad_id', 'ID number fails its check'), ('illegal_move', 'state change not allowed'), ('location_mismatch', 'location does not fit'), ('clock', 'device clock not plausible'), ('death_reported', 'death to be proved'), ('move_reported', 'moved away, a visit found'), ('not_met', 'not met again and again'), ('visit_refused', 'visit refused'), ('off_the_roster', 'no longer on any roster'), ('possible_duplicate', 'possibly the same'), ('entity_conflict', 'changed from an older state'), ('entity_fault', 'entity cannot be used')], max_length=24),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[_as_array('skill_grade')],
            state_operations=[
                migrations.AlterField(
                    model_name='person',
                    name='skill_grade',
                    field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), null=True, size=None),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[_as_array('title')],
            state_operations=[
                migrations.AlterField(
                    model_name='person',
                    name='title',
                    field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), null=True, size=None),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name='ledgerexception',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['conflict', 'name_differs', 'two_hukou_households', 'moved_within', 'bad_id', 'illegal_move', 'location_mismatch', 'clock', 'death_reported', 'move_reported', 'not_met', 'visit_refused', 'off_the_roster', 'possible_duplicate', 'entity_conflict', 'entity_fault'])), name='an_exception_is_of_a_known_kind'),
        ),
    ]
