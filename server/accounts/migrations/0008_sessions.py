import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """People log in again: the old table held the cookies' values."""

    dependencies = [("accounts", "0007_delete_disclosure")]

    operations = [
        migrations.RunSQL("drop table if exists django_session", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_hash", models.BinaryField(max_length=32, unique=True)),
                ("is_program", models.BooleanField(default=False)),
                ("data", models.BinaryField()),
                ("began_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(db_index=True)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("device", models.CharField(blank=True, max_length=200)),
                ("user", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ("pk",)},
        ),
    ]
