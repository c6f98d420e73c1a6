from django.db import migrations


class Migration(migrations.Migration):
    """Forget the models that the app `quarantine` took over with their tables; no data changes."""

    dependencies = [
        ("submissions", "0012_accepted_documents"),
        ("quarantine", "0001_from_submissions"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel("Repair"),
                migrations.DeleteModel("Reopening"),
                migrations.DeleteModel("QuarantineRefusal"),
                migrations.DeleteModel("Quarantined"),
            ],
        ),
    ]
