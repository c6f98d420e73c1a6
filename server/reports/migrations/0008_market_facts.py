"""The facts of supply and demand; vacancies and persons with a job wish are marked, so that the worker computes theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0007_mark_services'),
    ]

    operations = [
        migrations.CreateModel(
            name='MarketFact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('entry', models.UUIDField()),
                ('area_code', models.CharField(db_collation='C', default='', max_length=12)),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('since', models.DateField()),
                ('until', models.DateField(null=True)),
                ('ledger', models.CharField(max_length=20)),
                ('place', models.CharField(db_collation='C', default='', max_length=12)),
                ('is_new', models.BooleanField()),
                ('ended_on', models.DateField(null=True)),
                ('quantity', models.DecimalField(decimal_places=2, max_digits=14)),
                ('category', models.CharField(default='', max_length=10)),
                ('industry', models.CharField(default='', max_length=10)),
                ('econ_type', models.CharField(default='', max_length=10)),
                ('edu', models.CharField(default='', max_length=10)),
                ('skill', models.CharField(default='', max_length=10)),
                ('age_max', models.SmallIntegerField(null=True)),
                ('kind', models.CharField(default='', max_length=10)),
                ('sex', models.CharField(default='', max_length=10)),
                ('born', models.DateField(null=True)),
                ('graduated_on', models.DateField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['place'], name='market_facts_by_place'), models.Index(fields=['entry'], name='market_facts_of_an_entry')],
            },
        ),
        migrations.RunSQL(
            """
            insert into ledgers_changedentry (family, entry)
            select 'vacancy', id from ledgers_vacancy
            union all select 'person', id from ledgers_person where job_willing
            """,
            migrations.RunSQL.noop,
        ),
    ]
