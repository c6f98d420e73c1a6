"""Adds a sealed column beside each that holds somebody's words (decision 0315)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0012_withdrawn_keys")]
    operations = [
        migrations.AddField(
            "contributionrow",
            "values_sealed",
            models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddField("deskact", "value_sealed", models.BinaryField(null=True)),
        migrations.AddField(
            "deskact",
            "reason_sealed",
            models.BinaryField(verbose_name="reason", default=b""),
            preserve_default=False,
        ),
        migrations.AddField("employer", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("employer", "org_code_sealed", models.BinaryField(null=True)),
        migrations.AddField("employer", "reg_no_sealed", models.BinaryField(null=True)),
        migrations.AddField("vacancy", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("vacancy", "project_id_sealed", models.BinaryField(null=True)),
        migrations.AddField(
            "ledgerexception", "resolution_sealed", models.BinaryField(blank=True, default=b"")
        ),
        migrations.AddField("household", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("household", "access_note_sealed", models.BinaryField(null=True)),
        migrations.AddField("person", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("person", "major_sealed", models.BinaryField(null=True)),
        migrations.AddField("person", "skills_sealed", models.BinaryField(null=True)),
        migrations.AddField("person", "unemployment_cert_no_sealed", models.BinaryField(null=True)),
        migrations.AddField("spell", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("spell", "reg_no_sealed", models.BinaryField(null=True)),
        migrations.AddField("assistancecase", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("assistancecase", "agreement_no_sealed", models.BinaryField(null=True)),
        migrations.AddField(
            "assistancecase", "community_opinion_sealed", models.BinaryField(null=True)
        ),
        migrations.AddField(
            "assistancecase", "street_opinion_sealed", models.BinaryField(null=True)
        ),
        migrations.AddField(
            "assistancecase", "county_opinion_sealed", models.BinaryField(null=True)
        ),
        migrations.AddField("assistancecase", "five_clear_sealed", models.BinaryField(null=True)),
        migrations.AddField("assistancecase", "followup_sealed", models.BinaryField(null=True)),
        migrations.AddField("visit", "whole_texts", models.BinaryField(null=True)),
        migrations.AddField("visit", "findings_sealed", models.BinaryField(null=True)),
    ]
