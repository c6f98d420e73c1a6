"""Vacancies are due to be folded again: they remember their states now. The constraints on families hold for old rows, too."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0016_declared_ledgers'),
    ]

    operations = [
        ValidateConstraint(model_name='contributionrow', name='a_contribution_is_of_a_known_family'),
        ValidateConstraint(model_name='deskact', name='a_desk_act_is_of_a_known_kind'),
        ValidateConstraint(model_name='deskact', name='a_desk_act_is_of_a_known_family'),
        ValidateConstraint(model_name='entrylink', name='a_link_is_of_a_known_family'),
        ValidateConstraint(model_name='identitykey', name='a_key_is_of_a_known_family'),
        ValidateConstraint(model_name='ledgerexception', name='an_exception_is_of_a_known_family'),
        migrations.RunSQL(
            "update ledgers_vacancy set refold_on = date '2005-01-01'", migrations.RunSQL.noop
        ),
    ]
