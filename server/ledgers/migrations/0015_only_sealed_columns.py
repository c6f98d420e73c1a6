"""Drops the columns in the clear, which are empty, and gives their names to the sealed ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0014_seal_columns")]
    operations = [
        migrations.RemoveField("contributionrow", "values"),
        migrations.RenameField("contributionrow", "values_sealed", "values"),
        migrations.RemoveField("deskact", "value"),
        migrations.RenameField("deskact", "value_sealed", "value"),
        migrations.RemoveField("deskact", "reason"),
        migrations.RenameField("deskact", "reason_sealed", "reason"),
        migrations.RemoveField("employer", "org_code"),
        migrations.RenameField("employer", "org_code_sealed", "org_code"),
        migrations.RemoveField("employer", "reg_no"),
        migrations.RenameField("employer", "reg_no_sealed", "reg_no"),
        migrations.RemoveField("vacancy", "project_id"),
        migrations.RenameField("vacancy", "project_id_sealed", "project_id"),
        migrations.RemoveField("ledgerexception", "resolution"),
        migrations.RenameField("ledgerexception", "resolution_sealed", "resolution"),
        migrations.RemoveField("household", "access_note"),
        migrations.RenameField("household", "access_note_sealed", "access_note"),
        migrations.RemoveField("person", "major"),
        migrations.RenameField("person", "major_sealed", "major"),
        migrations.RemoveField("person", "skills"),
        migrations.RenameField("person", "skills_sealed", "skills"),
        migrations.RemoveField("person", "unemployment_cert_no"),
        migrations.RenameField("person", "unemployment_cert_no_sealed", "unemployment_cert_no"),
        migrations.RemoveField("spell", "reg_no"),
        migrations.RenameField("spell", "reg_no_sealed", "reg_no"),
        migrations.RemoveField("assistancecase", "agreement_no"),
        migrations.RenameField("assistancecase", "agreement_no_sealed", "agreement_no"),
        migrations.RemoveField("assistancecase", "community_opinion"),
        migrations.RenameField("assistancecase", "community_opinion_sealed", "community_opinion"),
        migrations.RemoveField("assistancecase", "street_opinion"),
        migrations.RenameField("assistancecase", "street_opinion_sealed", "street_opinion"),
        migrations.RemoveField("assistancecase", "county_opinion"),
        migrations.RenameField("assistancecase", "county_opinion_sealed", "county_opinion"),
        migrations.RemoveField("assistancecase", "five_clear"),
        migrations.RenameField("assistancecase", "five_clear_sealed", "five_clear"),
        migrations.RemoveField("assistancecase", "followup"),
        migrations.RenameField("assistancecase", "followup_sealed", "followup"),
        migrations.RemoveField("visit", "findings"),
        migrations.RenameField("visit", "findings_sealed", "findings"),
    ]
