import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Each version knows from which areas it was sent, and what was judged of it by them."""

    dependencies = [
        ('submissions', '0013_quarantine_has_its_own_room'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='submissionversion',
            name='sender_areas',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, db_collation='C', max_length=12), null=True, size=None),
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, choices=[('area-outside', "names a community outside the sender's areas"), ('original-outside', "corrects a record outside the sender's areas"), ('entry-outside', "names an entry outside the sender's areas")], max_length=20)),
                ('area', models.CharField(blank=True, db_collation='C', default='', max_length=12)),
                ('areas', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, db_collation='C', max_length=12), size=None)),
                ('judged_at', models.DateTimeField()),
                ('decision', models.CharField(blank=True, choices=[('accepted', 'accepted'), ('dismissed', 'dismissed')], default='', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_within', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, db_collation='C', max_length=12), default=list, size=None)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='submissions.submissionversion')),
            ],
            options={
                'ordering': ('judged_at', 'id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('reason', '')), fields=('version',), name='a_version_counts_once'), models.UniqueConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('decision', 'accepted'), _negated=True)), fields=('version',), name='a_version_is_held_at_one_office')],
            },
        ),
    ]
