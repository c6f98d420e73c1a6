from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


def all_doors():
    """What each token opened until now."""
    return ["odk", "rest", "v1"]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_tokens_and_handed_out_passwords")]

    operations = [
        migrations.AddField(
            "apitoken",
            "doors",
            ArrayField(models.CharField(max_length=10), default=all_doors),
            preserve_default=False,
        ),
        migrations.AddField("apitoken", "may_write", models.BooleanField(default=True), preserve_default=False),
    ]
