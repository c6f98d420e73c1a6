from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from server.core.words import NameWords, TextWords


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledgers', '0019_words'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='household',
            index=GinIndex(
                TextWords('hh_no', 'address', 'building', 'room'),
                name='household_by_words',
                gin_pending_list_limit=128,
            ),
        ),
        AddIndexConcurrently(
            model_name='person',
            index=GinIndex(
                NameWords('name'), name='person_by_words', gin_pending_list_limit=128
            ),
        ),
    ]
