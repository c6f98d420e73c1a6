"""Desk acts that suggest a vacancy to a person: they make an entry, and name what it links to."""

from django.db import migrations, models
from django.db.models import Q

KINDS = (
    ("same", "are the same"),
    ("not_same", "are not the same"),
    ("correct", "correct value"),
    ("void", "void"),
    ("two_places", "lives at one, hukou at the other"),
    ("different", "are different, whatever the number says"),
    ("move", "has moved here"),
    ("state", "move to another state"),
    ("agree", "agreed"),
    ("refuse", "refused"),
    ("suggest", "suggest a vacancy"),
)


class Migration(migrations.Migration):
    dependencies = (("ledgers", "0035_persons_seeking"),)

    operations = (
        migrations.RemoveConstraint(model_name="deskact", name="a_desk_act_is_of_a_known_kind"),
        migrations.AddField(
            model_name="deskact",
            name="links",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name="deskact",
            name="kind",
            field=models.CharField(choices=list(KINDS), max_length=10),
        ),
        migrations.AddConstraint(
            model_name="deskact",
            constraint=models.CheckConstraint(
                condition=Q(kind__in=[kind for kind, _label in KINDS]),
                name="a_desk_act_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskact",
            constraint=models.CheckConstraint(
                condition=(Q(kind="suggest") & ~Q(links={})) | (~Q(kind="suggest") & Q(links={})),
                name="an_act_that_makes_an_entry_names_others",
            ),
        ),
    )
