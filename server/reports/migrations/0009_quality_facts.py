"""The facts of received records, exceptions and stated figures; a trigger marks entries whose exceptions change, and what there is is marked.

Exceptions are written in many places, most of which do not change a ledger's row; the trigger sees all of them.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0008_market_facts'),
        ('ledgers', '0037_suggestions_indexed'),
        ('submissions', '0023_laid_out_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='DoubtFact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('entry', models.UUIDField()),
                ('area_code', models.CharField(db_collation='C', default='', max_length=12)),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('since', models.DateField()),
                ('until', models.DateField(null=True)),
                ('ledger', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=24)),
            ],
            options={
                'indexes': [models.Index(fields=['area_code'], name='doubt_facts_by_area'), models.Index(fields=['entry'], name='doubt_facts_of_an_entry')],
            },
        ),
        migrations.CreateModel(
            name='FigureFact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('entry', models.UUIDField()),
                ('area_code', models.CharField(db_collation='C', default='', max_length=12)),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('since', models.DateField()),
                ('until', models.DateField(null=True)),
                ('kind', models.CharField(max_length=12)),
                ('day', models.DateField()),
                ('worker', models.BigIntegerField(null=True)),
                ('quantity', models.DecimalField(decimal_places=2, max_digits=14)),
                ('people', models.IntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['area_code', 'kind'], name='figure_facts_by_area'), models.Index(fields=['entry'], name='facts_of_a_figure')],
            },
        ),
        migrations.CreateModel(
            name='ReceivedFact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('entry', models.UUIDField()),
                ('area_code', models.CharField(db_collation='C', default='', max_length=12)),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('day', models.DateField()),
                ('days_late', models.IntegerField()),
                ('position', models.CharField(max_length=10)),
                ('state', models.CharField(max_length=12)),
                ('worker', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['area_code', 'day'], name='received_facts_by_area'), models.Index(fields=['entry'], name='facts_of_a_received_record')],
            },
        ),
        migrations.RunSQL(
            """
            create function reports_mark_exception() returns trigger language plpgsql as $$
            begin
                if tg_op <> 'INSERT' then
                    insert into ledgers_changedentry (family, entry) values ('exception', old.entry);
                end if;
                if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.entry <> old.entry) then
                    insert into ledgers_changedentry (family, entry) values ('exception', new.entry);
                end if;
                return null;
            end $$;
            create trigger marked_for_reports
                after insert or delete or update of entry, area_code, resolved_at
                on ledgers_ledgerexception
                for each row execute function reports_mark_exception();
            insert into ledgers_changedentry (family, entry)
            select 'exception', entry from ledgers_ledgerexception group by entry
            union all
            select 'submission', lpad(to_hex(id), 32, '0')::uuid from submissions_submission;
            """,
            """
            drop trigger marked_for_reports on ledgers_ledgerexception;
            drop function reports_mark_exception();
            """,
        ),
    ]
