from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('submissions', '0021_reviewed_at_once'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reviewdecision',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='decisions_of_a_batch'),
        ),
    ]
