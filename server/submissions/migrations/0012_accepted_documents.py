from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    """What came out of the quarantine is known by its hash and instanceID without asking the quarantine."""

    dependencies = [("submissions", "0011_reopenings")]

    operations = [
        migrations.CreateModel(
            name="AcceptedDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.BinaryField(max_length=32, unique=True)),
                ("instance_id", models.CharField(blank=True, db_collation="C", max_length=250)),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="submissions.submissionversion")),
            ],
            options={"indexes": [models.Index(fields=["instance_id"], name="accepted_by_instance")]},
        ),
        migrations.RunSQL(
            sql="""
            insert into submissions_accepteddocument (sha256, instance_id, version_id)
            select sha256, instance_id, taken_as_id from submissions_quarantined
             where taken_as_id is not null
             order by received_at desc, id desc
            on conflict (sha256) do nothing
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
