"""The addresses of Central below /v1; every other one is answered by `UnknownEndpoint`."""

from typing import Final

from django.urls import path, re_path

from server.accounts.models import ProgramDoor
from server.central.endpoint import Endpoint, UnknownEndpoint
from server.central.views import (
    app_users,
    datasets,
    drafts,
    forms,
    history,
    odata,
    own_lists,
    people,
    sheets,
    submissions,
    trials,
)

app_name = "central"

_ODATA: Final = {"OData-Version": "4.0"}
_FORM: Final = "projects/1/forms/<str:form>"
_LIST: Final = "projects/1/datasets/<str:name>"
_TRIALS: Final = f"{_FORM}/draft/submissions"
_TRIAL: Final = f"{_TRIALS}/<str:instance>"
_RECORDS: Final = f"{_FORM}/submissions"
_RECORD: Final = f"{_RECORDS}/<str:instance>"

urlpatterns = [
    path(
        "sessions",
        Endpoint(POST=people.log_in, is_open=True, door=ProgramDoor.ODATA, only_reads=True),
    ),
    path(
        "sessions/<str:token>",
        Endpoint(DELETE=people.log_out, door=ProgramDoor.ODATA, only_reads=True),
    ),
    path("users/current", Endpoint(GET=people.current_user)),
    path("users", Endpoint(GET=app_users.users)),
    path("roles", Endpoint(GET=app_users.roles)),
    path("roles/<str:role>", Endpoint(GET=app_users.role)),
    path("projects/1/assignments", Endpoint(GET=app_users.assignments)),
    path("projects/1/assignments/<str:role>", Endpoint(GET=app_users.holders)),
    path("projects/1/app-users", Endpoint(GET=app_users.app_users, POST=app_users.create)),
    path("projects/1/app-users/<str:actor>", Endpoint(DELETE=app_users.remove)),
    path(f"{_FORM}/assignments", Endpoint(GET=app_users.form_assignments)),
    path(f"{_FORM}/assignments/<str:role>", Endpoint(GET=app_users.form_holders)),
    path(
        f"{_FORM}/assignments/<str:role>/<str:actor>",
        Endpoint(POST=app_users.assign, DELETE=app_users.unassign),
    ),
    path("projects", Endpoint(GET=forms.projects)),
    path("projects/1", Endpoint(GET=forms.project)),
    path("projects/1/forms", Endpoint(GET=forms.form_list, POST=drafts.create)),
    path(f"{_FORM}.svc", Endpoint(GET=odata.service, headers=_ODATA, door=ProgramDoor.ODATA)),
    path(
        f"{_FORM}.svc/<path:path>",
        Endpoint(GET=odata.resource, headers=_ODATA, door=ProgramDoor.ODATA),
    ),
    path(f"{_FORM}.xml", Endpoint(GET=forms.form_xml)),
    path(f"{_FORM}.xlsx", Endpoint(GET=forms.workbook)),
    path(_FORM, Endpoint(GET=forms.form, PATCH=forms.change)),
    path(f"{_FORM}/attachments", Endpoint(GET=forms.attachments)),
    path(f"{_FORM}/attachments/<str:name>", Endpoint(GET=forms.attachment)),
    path(f"{_FORM}/draft", Endpoint(GET=drafts.draft, POST=drafts.save, DELETE=drafts.drop)),
    path(f"{_FORM}/draft/attachments", Endpoint(GET=drafts.attachments)),
    path(
        f"{_FORM}/draft/attachments/<str:name>",
        Endpoint(GET=drafts.attachment, POST=drafts.attach),
    ),
    path(f"{_FORM}/draft/publish", Endpoint(POST=drafts.publish)),
    path(f"{_FORM}/draft.xml", Endpoint(GET=drafts.form_xml)),
    path(f"{_FORM}/draft/fields", Endpoint(GET=drafts.fields)),
    path(_TRIALS, Endpoint(GET=trials.submissions, POST=trials.create)),
    path(f"{_TRIAL}.xml", Endpoint(GET=trials.document)),
    path(_TRIAL, Endpoint(GET=trials.submission)),
    path(f"{_TRIAL}/attachments", Endpoint(GET=trials.attachments)),
    path(f"{_TRIAL}/attachments/<str:name>", Endpoint(GET=trials.attachment)),
    path(f"{_FORM}/fields", Endpoint(GET=forms.fields)),
    path(f"{_FORM}/versions", Endpoint(GET=forms.versions)),
    path(f"{_FORM}/versions/<str:version>.xml", Endpoint(GET=forms.version_xml)),
    path(_RECORDS, Endpoint(GET=submissions.submissions, POST=submissions.create)),
    path(f"{_RECORDS}/keys", Endpoint(GET=submissions.keys)),
    path(f"{_RECORDS}/submitters", Endpoint(GET=history.submitters)),
    path(f"{_RECORDS}.geojson", Endpoint(GET=history.submissions_geojson)),
    path(f"{_RECORDS}.csv", Endpoint(GET=sheets.table, POST=sheets.table, only_reads=True)),
    path(f"{_RECORDS}.csv.zip", Endpoint(GET=sheets.archive, POST=sheets.archive, only_reads=True)),
    path(f"{_RECORD}.xml", Endpoint(GET=submissions.document)),
    path(
        _RECORD,
        Endpoint(
            GET=submissions.submission,
            PUT=submissions.edit,
            PATCH=submissions.decide,
            DELETE=submissions.delete,
        ),
    ),
    path(f"{_RECORD}/restore", Endpoint(POST=submissions.restore)),
    path(f"{_RECORD}/versions", Endpoint(GET=history.versions)),
    path(f"{_RECORD}/versions/<str:version>.xml", Endpoint(GET=history.version_xml)),
    path(f"{_RECORD}/versions/<str:version>", Endpoint(GET=history.version)),
    path(
        f"{_RECORD}/versions/<str:version>/attachments",
        Endpoint(GET=history.version_attachments),
    ),
    path(
        f"{_RECORD}/versions/<str:version>/attachments/<str:name>",
        Endpoint(GET=history.version_attachment),
    ),
    path(f"{_RECORD}/diffs", Endpoint(GET=history.diffs)),
    path(f"{_RECORD}/audits", Endpoint(GET=submissions.audits)),
    path(f"{_RECORD}/comments", Endpoint(GET=submissions.comments, POST=submissions.add_comment)),
    path(f"{_RECORD}/attachments", Endpoint(GET=submissions.attachments)),
    path(
        f"{_RECORD}/attachments/<str:name>",
        Endpoint(GET=submissions.attachment, POST=submissions.attach),
    ),
    path("projects/1/datasets", Endpoint(GET=datasets.datasets, POST=own_lists.create_list)),
    path(f"{_LIST}.svc", Endpoint(GET=datasets.service, headers=_ODATA, door=ProgramDoor.ODATA)),
    path(
        f"{_LIST}.svc/<path:path>",
        Endpoint(GET=datasets.resource, headers=_ODATA, door=ProgramDoor.ODATA),
    ),
    path(_LIST, Endpoint(GET=datasets.dataset, PATCH=own_lists.change_list)),
    path(f"{_LIST}/properties", Endpoint(POST=own_lists.add_property)),
    path(f"{_LIST}/entities", Endpoint(GET=datasets.entries, POST=own_lists.create)),
    path(f"{_LIST}/entities.geojson", Endpoint(GET=history.entities_geojson)),
    path(f"{_LIST}/entities.csv", Endpoint(GET=datasets.sheet)),
    path(f"{_LIST}/entities/bulk-delete", Endpoint(POST=own_lists.delete_many)),
    path(f"{_LIST}/entities/bulk-restore", Endpoint(POST=own_lists.restore_many)),
    path(
        f"{_LIST}/entities/<str:entity>",
        Endpoint(GET=datasets.entry, PATCH=own_lists.update, DELETE=own_lists.delete),
    ),
    path(f"{_LIST}/entities/<str:entity>/restore", Endpoint(POST=own_lists.restore)),
    path(f"{_LIST}/entities/<str:entity>/versions", Endpoint(GET=own_lists.versions)),
    path(f"{_LIST}/entities/<str:entity>/diffs", Endpoint(GET=own_lists.diffs)),
    path(f"{_LIST}/entities/<str:entity>/audits", Endpoint(GET=own_lists.audits)),
    re_path("", UnknownEndpoint()),
]
