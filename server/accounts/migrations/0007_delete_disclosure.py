from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_disclosures_to_audit_log")]
    operations = [migrations.DeleteModel(name="Disclosure")]
