"""Every entry is due to be folded again, by the rules that judge day by day.

The worker's daily job does that, some hundred entries a transaction, and a rebuild does it first.
"""

from django.db import migrations

_TABLES = ("person", "household", "employer", "vacancy")


class Migration(migrations.Migration):

    dependencies = [
        ('ledgers', '0010_histories'),
    ]

    operations = [
        migrations.RunSQL(
            f"update ledgers_{table} set refold_on = date '2005-01-01'", migrations.RunSQL.noop
        )
        for table in _TABLES
    ]
