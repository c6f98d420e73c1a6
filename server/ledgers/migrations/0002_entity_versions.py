"""Versions of listed entities and forms' claims about them; what is listed now keeps its number."""

from django.db import migrations, models


SEED = """
    insert into ledgers_listedentity (list, entity, version, area_code, seen, changed, left_as)
    select 'households', id, row_version, area_code, '{}'::jsonb, '{}'::jsonb, '' from ledgers_household
    union all
    select 'cases', id, row_version, area_code, '{}'::jsonb, '{}'::jsonb, '' from ledgers_assistancecase
     where state <> '9'
    union all
    select 'employers', id, row_version, area_code, '{}'::jsonb, '{}'::jsonb, '' from ledgers_employer
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledgers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListedEntity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "list",
                        "entity",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("list", models.CharField(max_length=40)),
                ("entity", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("area_code", models.CharField(db_collation="C", default="", max_length=12)),
                ("seen", models.JSONField(default=dict)),
                ("changed", models.JSONField(default=dict)),
                (
                    "left_as",
                    models.CharField(
                        blank=True,
                        choices=[("closed", "Closed"), ("removed", "Removed")],
                        default="",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "listed entities",
            },
        ),
        migrations.AlterField(
            model_name="ledgerexception",
            name="kind",
            field=models.CharField(
                choices=[
                    ("conflict", "conflicting values"),
                    ("name_differs", "same ID number, other name"),
                    ("two_hukou_households", "registered in two households"),
                    ("bad_id", "ID number fails its check"),
                    ("illegal_move", "state change not allowed"),
                    ("location_mismatch", "location does not fit"),
                    ("clock", "device clock not plausible"),
                    ("possible_duplicate", "possibly the same"),
                    ("entity_conflict", "changed from an older state"),
                    ("entity_fault", "entity cannot be used"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="EntityClaim",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "version_id",
                        "ordinal",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("columns", models.JSONField(default=list)),
                ("version_id", models.BigIntegerField()),
                ("ordinal", models.PositiveIntegerField()),
                ("submission_id", models.BigIntegerField(db_index=True)),
                ("list", models.CharField(blank=True, max_length=100)),
                ("entity", models.UUIDField(null=True)),
                ("branch_id", models.CharField(blank=True, max_length=100)),
                ("base_version", models.PositiveIntegerField(null=True)),
                ("trunk_version", models.PositiveIntegerField(null=True)),
                ("made_version", models.PositiveIntegerField(null=True)),
                ("verdict", models.CharField(blank=True, max_length=20)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["entity", "list", "branch_id"], name="claims_on_an_entity"
                    ),
                    models.Index(
                        fields=["list", "entity"],
                        name="claims_waiting_for_an_entity",
                        condition=models.Q(verdict="unknown_id"),
                    ),
                ],
            },
        ),
        migrations.RunSQL(SEED, migrations.RunSQL.noop),
    ]
