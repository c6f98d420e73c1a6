"""Copies the log of disclosures into the audit log, oldest first; the next migration drops its table."""

from django.db import migrations

from server.core.masking import mask_numbers

BATCH = 2000


def forwards(apps, schema_editor):
    disclosures = apps.get_model("accounts", "Disclosure").objects.select_related("user")
    entries = apps.get_model("audit", "AuditEntry")
    batch = []
    for row in disclosures.order_by("at", "pk").iterator(BATCH):
        facts = {"columns": row.columns} if row.columns else {}
        batch.append(
            entries(
                at=row.at,
                actor_id=row.user_id,
                actor_name=row.user.username if row.user else "",
                door="" if row.user else "command",
                act=row.kind,
                object_type=row.ledger,
                object_id=row.entry,
                area_code=row.area_code,
                reason=mask_numbers(row.reason),
                facts={**facts, **row.facts},
            )
        )
        if len(batch) == BATCH:
            entries.objects.bulk_create(batch)
            batch = []
    entries.objects.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_newest_record"),
        ("audit", "0002_chained_and_append_only"),
    ]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
