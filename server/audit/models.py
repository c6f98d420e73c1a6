"""The table of the audit log, and the acts it knows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.audit.origin import Door


class Act(models.TextChoices):
    """What was done."""

    LOG_IN = "log_in", _("logged in")
    LOG_IN_FAILED = "log_in_failed", _("log-in refused")
    LOG_OUT = "log_out", _("logged out")

    LIST_READ = "list_read", _("list read")
    FIND = "find", _("searched by number")
    REVEAL = "reveal", _("revealed")
    EXPORT = "export", _("exported")
    MEDIA = "media", _("file opened")
    BUDGET_SPENT = "budget_spent", _("limit of reveals or searches reached")
    PERMIT_REQUESTED = "permit_requested", _("export permit requested")
    PERMIT_CONSENTED = "permit_consented", _("export permit consented to")
    PERMIT_REFUSED = "permit_refused", _("export permit refused")
    PERMIT_WITHDRAWN = "permit_withdrawn", _("export permit withdrawn")

    USER_CREATED = "user_created", _("user created")
    ROLE_GRANTED = "role_granted", _("role granted")
    ROLE_TAKEN = "role_taken", _("role taken away")
    PASSWORD_CHOSEN = "password_chosen", _("own password changed")
    PASSWORD_REPLACED = "password_replaced", _("password replaced")
    PASSWORD_ENDED = "password_ended", _("phone password ended")
    USER_STATE = "user_state", _("user let in or shut out")
    SESSIONS_ENDED = "sessions_ended", _("sessions ended")
    TOKEN_MADE = "token_made", _("token for a program made")
    TOKEN_REVOKED = "token_revoked", _("token for a program revoked")
    VIEW_SAVED = "view_saved", _("view of a list saved")
    VIEW_DELETED = "view_deleted", _("saved view deleted")
    SIGN_IN_LINKED = "sign_in_linked", _("linked to the office sign-in")
    SIGN_IN_UNLINKED = "sign_in_unlinked", _("link to the office sign-in removed")
    FACTOR_ADDED = "factor_added", _("second factor added")
    FACTOR_REMOVED = "factor_removed", _("second factor removed")
    FACTORS_RESET = "factors_reset", _("second factors of a colleague removed")
    CODE_ISSUED = "code_issued", _("phone code issued")
    CODE_REVOKED = "code_revoked", _("phone code revoked")
    PHONE_SETTINGS = "phone_settings", _("phone settings of an area changed or removed")

    DRAFT_SAVED = "draft_saved", _("form draft saved")
    DRAFT_FILE = "draft_file", _("file of a draft uploaded")
    DRAFT_DELETED = "draft_deleted", _("form draft deleted")
    FORM_PUBLISHED = "form_published", _("form published")
    FORM_AUDIENCE = "form_audience", _("form's audience changed")
    FORM_STATE = "form_state", _("form's state changed")
    FORM_APPROVAL = "form_approval", _("form's approval changed")

    IMPORT = "import", _("old ledger checked, taken in or undone")
    RULE = "rule", _("rule changed from a day, or the change withdrawn")
    BULLETIN = "bulletin", _("public bulletin opened, changed or closed")

    LIST_MADE = "list_made", _("entity list made")
    LIST_CHANGED = "list_changed", _("entity list changed")
    ENTITY_MADE = "entity_made", _("entity made")
    ENTITY_CHANGED = "entity_changed", _("entity changed")
    ENTITY_DELETED = "entity_deleted", _("entity deleted")
    ENTITY_RESTORED = "entity_restored", _("entity restored")

    KEY_MADE = "key_made", _("key made")
    KEY_GIVEN = "key_given", _("private key given")
    KEY_USED = "key_used", _("key used")
    RECORDS_OPENED = "records_opened", _("records opened")

    RECORD_ENTERED = "record_entered", _("record entered at the desk")
    REVIEW = "review", _("record reviewed")
    COMMENT = "comment", _("record commented")
    SENT_BACK = "sent_back", _("answers sent back")
    SEND_BACK_WITHDRAWN = "send_back_withdrawn", _("sending back withdrawn")
    SUBMISSION_DELETED = "submission_deleted", _("record deleted")
    SUBMISSION_RESTORED = "submission_restored", _("record restored")
    ERASURE_ASKED = "erasure_asked", _("erasure asked for")
    ERASURE_REFUSED = "erasure_refused", _("erasure refused or withdrawn")
    ERASED = "erased", _("erased")
    SUBJECT_ACCESS = "subject_access", _("all data about a person given out")
    DESK_ACT = "desk_act", _("desk act")
    DESK_ACT_UNDONE = "desk_act_undone", _("desk act undone")
    EXCEPTION_RESOLVED = "exception_resolved", _("exception resolved")
    EXCEPTION_REOPENED = "exception_reopened", _("exception open again")

    QUARANTINE_REPAIRED = "quarantine_repaired", _("quarantined record repaired")
    QUARANTINE_REPLAYED = "quarantine_replayed", _("quarantined record accepted")
    QUARANTINE_DISMISSED = "quarantine_dismissed", _("quarantined record dismissed")
    QUARANTINE_REOPENED = "quarantine_reopened", _("dismissal taken back")
    QUARANTINE_DROPPED = "quarantine_dropped", _("quarantine emptied")

    REPORT_PREPARED = "report_prepared", _("report prepared")
    REPORT_STEP = "report_step", _("report checked, submitted, returned, accepted or locked")

    FIGURES_STATED = "figures_stated", _("figures for reports stated")

    SEALING_KEY_MADE = "sealing_key_made", _("sealing key made")
    SEALING_ROTATED = "sealing_rotated", _("sealed anew with the current key")
    SEALING_KEY_DROPPED = "sealing_key_dropped", _("retired sealing key dropped")

    RESTORED = "restored", _("restored from a backup")

    DIVISIONS_IMPORTED = "divisions_imported", _("divisions imported")
    DIVISION_RENAMED = "division_renamed", _("division renamed")
    DIVISION_RENUMBERED = "division_renumbered", _("division renumbered")
    DIVISION_RENUMBER_UNDONE = "division_renumber_undone", _("division's new code undone")
    DIVISION_RENAME_UNDONE = "division_rename_undone", _("division's new name undone")
    LEDGERS_REBUILT = "ledgers_rebuilt", _("ledgers rebuilt")


DISCLOSURES = (
    Act.FIND,
    Act.REVEAL,
    Act.SUBJECT_ACCESS,
    Act.EXPORT,
    Act.MEDIA,
    Act.KEY_MADE,
    Act.KEY_GIVEN,
    Act.KEY_USED,
    Act.RECORDS_OPENED,
)
"""The acts by which somebody got to see what is protected: those of the disclosure log."""

KEY = "encryption-key"
"""The `object_type` of an encryption key of forms; its `object_id` is the key's fingerprint."""


class AuditEntry(models.Model):
    """One act (security.md, Logs). Rows are only added: the database refuses every other change.

    `position`, `previous` and `hash` are the row's link of the chain, written by the database
    when the act's transaction commits (decision 0230). `object_type` and `object_id` name what
    the act is about; `area_code` is the narrowest area that contains all it concerns, "" when
    that is everywhere or nowhere. `facts` holds details: `before` and `after` of a setting,
    `columns` that were shown, `rows` that were read.
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,  # nobody is logged in: a command, the worker, a failed log-in
        db_constraint=False,  # the log outlives what it names, and waits for no row's lock
        db_index=False,  # audit_by_actor
        related_name="+",
    )
    actor_name = models.CharField(max_length=150, blank=True)  # the user name at that time
    door = models.CharField(max_length=20, blank=True)  # Door
    address = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=200, blank=True)
    act = models.CharField(max_length=40)  # Act; no choices, so that a new act needs no migration
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=250, blank=True)
    area_code = models.CharField(max_length=12, db_collation="C", blank=True)
    reason = models.TextField(_("reason"), blank=True)
    facts = models.JSONField(default=dict)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    previous = models.BinaryField(null=True, editable=False)
    hash = models.BinaryField(null=True, editable=False)

    class Meta:
        db_table = "audit_entry"
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=("at",), name="audit_by_time"),
            models.Index(fields=("actor", "-id"), name="audit_by_actor"),
            models.Index(fields=("area_code", "-id"), name="audit_by_area"),
            models.Index(fields=("object_id", "-id"), name="audit_by_object"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.act}"

    @property
    def act_label(self) -> str:
        """The act in words; as it is stored if this release does not know it."""
        return str(Act(self.act).label) if self.act in Act.values else self.act

    @property
    def door_label(self) -> str:
        """The door in words; as it is stored if this release does not know it, "" if none was recorded."""
        return str(Door(self.door).label) if self.door in Door.values else self.door
