"""Seals what these columns hold, in batches that are committed one by one: killed, it goes on."""

from django.db import migrations

from server.core.masking import mask_numbers
from server.core.sealing_columns import mask_columns, seal_columns
from server.ledgers.definitions.normalise import uscc


SEARCHED = {
    "ledgers_employer": ("name", "uscc", "address", "legal_rep", "contact"),
    "ledgers_vacancy": ("vacancy_no", "title"),
    "ledgers_household": ("hh_no", "address", "building", "room", "photo_door"),
    "ledgers_person": ("name", "former_name", "hukou_addr", "residence_addr"),
    "ledgers_spell": ("employer_name",),
    "ledgers_assistancecase": ("case_no",),
    "ledgers_visit": ("signature",),
}


def masked_code(text):
    return text if uscc(text).is_valid else mask_numbers(text)


def forwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    seal_columns(alias, "ledgers_contribution", documents=("values",))
    seal_columns(alias, "ledgers_deskact", texts=("reason",), documents=("value",))
    seal_columns(alias, "ledgers_employer", texts=("org_code", "reg_no"))
    seal_columns(alias, "ledgers_vacancy", texts=("project_id",))
    seal_columns(alias, "ledgers_ledgerexception", texts=("resolution",))
    seal_columns(alias, "ledgers_household", texts=("access_note",))
    seal_columns(
        alias, "ledgers_person", texts=("major", "skills", "unemployment_cert_no")
    )
    seal_columns(alias, "ledgers_spell", texts=("reg_no",))
    seal_columns(
        alias,
        "ledgers_assistancecase",
        texts=("agreement_no", "community_opinion", "street_opinion", "county_opinion"),
        documents=("five_clear", "followup"),
    )
    seal_columns(alias, "ledgers_visit", texts=("findings",))
    for table, columns in SEARCHED.items():
        mask_columns(alias, table, columns, masked={"uscc": masked_code})


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("ledgers", "0013_room_for_sealed_columns")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
