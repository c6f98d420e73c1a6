"""Records edited after their approval, while no form asked for one: what was approved then stands."""

from django.db import migrations

STANDING = """
    insert into submissions_approvedversion (submission_id, version_id, area_code, flags)
    select submission.id, approved.id, submission.area_code, '[]'
      from submissions_submission submission
      join lateral (
           select decision.state, decision.at from submissions_reviewdecision decision
            where decision.submission_id = submission.id
            order by decision.at desc, decision.id desc limit 1) last on last.state = 'approved'
      join lateral (
           select version.id from submissions_submissionversion version
            where version.submission_id = submission.id and version.received_at <= last.at
            order by version.id desc limit 1) approved
        on approved.id <> submission.current_version_id
     where submission.review_state = 'edited'
"""
"""Its place and time are written down when the record is next taken up, as when its form begins to need approval."""


class Migration(migrations.Migration):

    dependencies = [
        ("submissions", "0006_approved_versions"),
    ]

    operations = [migrations.RunSQL(STANDING, migrations.RunSQL.noop)]
