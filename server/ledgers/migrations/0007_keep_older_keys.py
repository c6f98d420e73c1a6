"""Each key from the time when one row stood for all offices stays the key of the office that had it first.

Later contributions of other offices get keys of their own, so that rows keep their uuids where
they stand, and a rebuild parts what was joined across offices (decision 0250).
"""

from django.db import migrations

_KEEP = """
    insert into ledgers_keptkey (key, area_code)
    select distinct on (made.key) made.key, contribution.area_code
      from ledgers_contribution contribution, unnest(contribution.keys) as made (key)
     where contribution.submission_id is not null
       and (contribution.family = 'vacancy'
            or contribution.family = 'person' and contribution."values" ? 'id_no'
            or contribution.family = 'employer' and contribution."values" ? 'uscc')
     order by made.key, contribution.observed_at, contribution.received_at,
              contribution.instance_id, contribution.id
        on conflict do nothing
"""


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0006_offices")]

    operations = [migrations.RunSQL(_KEEP, "delete from ledgers_keptkey")]
