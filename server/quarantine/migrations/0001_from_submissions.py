import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("quarantined", "repair", "reopening", "quarantinerefusal")
COLUMNS = (
    ("settled_at", "resolved_at"),
    ("settled_by_id", "resolved_by_id"),
    ("settled_note", "resolved_note"),
    ("taken_as_id", "accepted_as_id"),
)


def _moved(old: str, new: str, columns: tuple[tuple[str, str], ...]) -> str:
    """SQL that renames the tables of one app to another's, with primary keys and sequences.

    Names that Django made of hashes (foreign keys and their indexes) stay: Django finds
    those by what they constrain.
    """
    table = f"{new}_quarantined"
    tables = [
        f"""
        alter table {old}_{name} rename to {new}_{name};
        alter table {new}_{name} rename constraint {old}_{name}_pkey to {new}_{name}_pkey;
        alter sequence {old}_{name}_id_seq rename to {new}_{name}_id_seq;
        update django_content_type set app_label = '{new}'
         where app_label = '{old}' and model = '{name}';
        """
        for name in TABLES
    ]
    renamed = [f"alter table {table} rename column {was} to {is_};" for was, is_ in columns]
    return "".join([*tables, *renamed])


class Migration(migrations.Migration):
    """Take the quarantine's tables over from the app `submissions`, with their rows."""

    initial = True

    dependencies = [
        ("accounts", "0005_newest_record"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("submissions", "0012_accepted_documents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql="drop index quarantine_taken",
                    reverse_sql="create index quarantine_taken on submissions_quarantined"
                    " (instance_id) where taken_as_id is not null",
                ),
                migrations.RunSQL(
                    sql=_moved("submissions", "quarantine", COLUMNS),
                    reverse_sql=_moved(
                        "quarantine", "submissions", tuple((new, old) for old, new in COLUMNS)
                    ),
                ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Quarantined',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('received_at', models.DateTimeField()),
                        ('first_received_at', models.DateTimeField(null=True)),
                        ('reason', models.CharField(max_length=60)),
                        ('detail', models.TextField(blank=True)),
                        ('facts', models.JSONField(default=dict)),
                        ('form_id', models.CharField(blank=True, default='', max_length=250)),
                        ('form_version', models.CharField(blank=True, default='', max_length=250)),
                        ('instance_id', models.CharField(blank=True, default='', max_length=250)),
                        ('deprecated_id', models.CharField(blank=True, default='', max_length=250)),
                        ('sha256', models.BinaryField(max_length=32)),
                        ('document', models.BinaryField()),
                        ('size', models.PositiveIntegerField()),
                        ('attachments', models.JSONField(default=list)),
                        ('stored_bytes', models.PositiveBigIntegerField(default=0)),
                        ('area', models.CharField(blank=True, db_collation='C', default='', max_length=12)),
                        ('device_id', models.CharField(blank=True, default='', max_length=200)),
                        ('user_agent', models.CharField(blank=True, default='', max_length=200)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('tried_reason', models.CharField(blank=True, default='', max_length=60)),
                        ('resolved_at', models.DateTimeField(null=True)),
                        ('resolved_note', models.TextField(blank=True, default='')),
                        ('accepted_as', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submissions.submissionversion')),
                        ('field_account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.fieldaccount')),
                        ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('submitter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name_plural': 'quarantined',
                        'ordering': ('-received_at', '-id'),
                    },
                ),
                migrations.CreateModel(
                    name='QuarantineRefusal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField()),
                        ('limit', models.CharField(max_length=20)),
                        ('reason', models.CharField(max_length=60)),
                        ('area', models.CharField(blank=True, db_collation='C', default='', max_length=12)),
                        ('count', models.PositiveIntegerField(default=0)),
                        ('bytes', models.PositiveBigIntegerField(default=0)),
                        ('field_account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.fieldaccount')),
                        ('submitter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('-day', '-count'),
                    },
                ),
                migrations.CreateModel(
                    name='Reopening',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('dismissed_at', models.DateTimeField()),
                        ('dismissed_note', models.TextField()),
                        ('reason', models.TextField(verbose_name='reason')),
                        ('at', models.DateTimeField()),
                        ('dismissed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reopenings', to='quarantine.quarantined')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('at', 'id'),
                    },
                ),
                migrations.CreateModel(
                    name='Repair',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('act', models.CharField(choices=[('corrected', 'corrected XML'), ('form_version', 'other form version'), ('new_instance', 'kept as a record of its own'), ('as_edit', 'taken as a correction')], max_length=20)),
                        ('sha256', models.BinaryField(max_length=32)),
                        ('document', models.BinaryField()),
                        ('size', models.PositiveIntegerField()),
                        ('reason', models.TextField(verbose_name='reason')),
                        ('at', models.DateTimeField()),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='repairs', to='quarantine.quarantined')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('at', 'id'),
                    },
                ),
                migrations.AddIndex(
                    model_name='quarantined',
                    index=models.Index(fields=['field_account', 'received_at'], name='quarantine_by_phone'),
                ),
                migrations.AddIndex(
                    model_name='quarantined',
                    index=models.Index(condition=models.Q(('resolved_at__isnull', True), models.Q(('deprecated_id', ''), _negated=True)), fields=['deprecated_id'], name='quarantine_edits'),
                ),
                migrations.AddConstraint(
                    model_name='quarantined',
                    constraint=models.UniqueConstraint(fields=('sha256', 'reason'), name='quarantine_keeps_each_document_once'),
                ),
                migrations.AddConstraint(
                    model_name='quarantinerefusal',
                    constraint=models.UniqueConstraint(fields=('day', 'limit', 'reason', 'submitter', 'field_account'), name='refusals_are_counted_by_day_and_phone', nulls_distinct=False),
                ),
            ],
        ),
    ]
