"""The database knows only the words of server.ledgers.definitions.vocabulary; the table of contributions keeps its name."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('forms', '0004_needs_approval'),
        ('ledgers', '0002_entity_versions'),
        ('submissions', '0011_reopenings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelTable(
            name='contribution',
            table='ledgers_contribution',
        ),
        migrations.RenameModel(
            old_name='Contribution',
            new_name='ContributionRow',
        ),
        migrations.AddConstraint(
            model_name='contributionrow',
            constraint=models.CheckConstraint(condition=models.Q(('family__in', ['person', 'household', 'employer', 'vacancy', 'visit'])), name='a_contribution_is_of_a_known_family'),
        ),
        migrations.AddConstraint(
            model_name='deskact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['same', 'not_same', 'correct', 'void'])), name='a_desk_act_is_of_a_known_kind'),
        ),
        migrations.AddConstraint(
            model_name='deskact',
            constraint=models.CheckConstraint(condition=models.Q(('family__in', ['person', 'household', 'employer', 'vacancy', 'visit'])), name='a_desk_act_is_of_a_known_family'),
        ),
        migrations.AddConstraint(
            model_name='identitykey',
            constraint=models.CheckConstraint(condition=models.Q(('family__in', ['person', 'household', 'employer', 'vacancy', 'visit'])), name='a_key_is_of_a_known_family'),
        ),
        migrations.AddConstraint(
            model_name='ledgerexception',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['conflict', 'name_differs', 'two_hukou_households', 'bad_id', 'illegal_move', 'location_mismatch', 'clock', 'possible_duplicate', 'entity_conflict', 'entity_fault'])), name='an_exception_is_of_a_known_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgerexception',
            constraint=models.CheckConstraint(condition=models.Q(('family__in', ['person', 'household', 'employer', 'vacancy', 'visit'])), name='an_exception_is_of_a_known_family'),
        ),
    ]
