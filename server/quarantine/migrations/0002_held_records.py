import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A quarantined record knows whose office decides apart from who sent it, and may be a held version."""

    dependencies = [
        ('accounts', '0005_newest_record'),
        ('quarantine', '0001_from_submissions'),
        ('submissions', '0014_verdicts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='quarantined',
            name='quarantine_keeps_each_document_once',
        ),
        migrations.AddField(
            model_name='quarantined',
            name='sender_area',
            field=models.CharField(blank=True, db_collation='C', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='quarantined',
            name='sender_areas',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, db_collation='C', max_length=12), default=list, size=None),
        ),
        migrations.AddField(
            model_name='quarantined',
            name='verdict',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quarantined', to='submissions.verdict'),
        ),
        migrations.RunSQL(
            sql="update quarantine_quarantined set sender_area = area, sender_areas = array[area]",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='quarantined',
            constraint=models.UniqueConstraint(condition=models.Q(('verdict', None)), fields=('sha256', 'reason'), name='quarantine_keeps_each_document_once'),
        ),
    ]
