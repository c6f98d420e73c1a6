"""Roles have days; a role of before begins on the day that the audit log names, else on the day that its user was made."""

import django.db.models.deletion
import server.core.clock
from django.conf import settings
from django.db import migrations, models


STARTS = """
update accounts_rolegrant held
   set since = (coalesce((select max(entry.at) from audit_entry entry
                           where entry.act = 'role_granted' and entry.object_type = 'user'
                             and entry.object_id = person.username
                             and entry.facts -> 'after' ->> 'role' = held.role
                             and entry.facts -> 'after' ->> 'area' = held.area),
                         person.created_at) at time zone 'Asia/Shanghai')::date
  from accounts_user person
 where person.id = held.user_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_what_tokens_open'),
        ('audit', '0002_chained_and_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='rolegrant',
            name='since',
            field=models.DateField(default=server.core.clock.today),
        ),
        migrations.RunSQL(STARTS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='FormerGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('worker', 'community worker'), ('street', 'street staff'), ('county', 'county staff'), ('administrator', 'administrator'), ('restricted', 'may see restricted columns')], max_length=20)),
                ('area', models.CharField(blank=True, db_collation='C', max_length=12)),
                ('since', models.DateField()),
                ('until', models.DateField()),
                ('is_revoked', models.BooleanField(default=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('user_id', '-until', 'role', 'area'),
                'constraints': [models.CheckConstraint(condition=models.Q(('area__regex', '^\\d{0,12}$')), name='former_grant_area_is_a_code_prefix'), models.CheckConstraint(condition=models.Q(('until__gte', models.F('since'))), name='former_grant_ends_after_it_begins')],
            },
        ),
    ]
