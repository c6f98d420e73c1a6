"""Central's addresses below /v1; every other one is Central's 404."""

from typing import Final

from django.urls import path, re_path

from server.central.door import Door, Nowhere
from server.central.views import datasets, drafts, forms, odata, people, sheets, submissions

app_name = "central"

_ODATA: Final = {"OData-Version": "4.0"}
_FORM: Final = "projects/1/forms/<str:form>"
_LIST: Final = "projects/1/datasets/<str:name>"
_RECORDS: Final = f"{_FORM}/submissions"
_RECORD: Final = f"{_RECORDS}/<str:instance>"

urlpatterns = [
    path("sessions", Door(POST=people.log_in, is_open=True)),
    path("sessions/<str:token>", Door(DELETE=people.log_out)),
    path("users/current", Door(GET=people.current_user)),
    path("projects", Door(GET=forms.projects)),
    path("projects/1", Door(GET=forms.project)),
    path("projects/1/forms", Door(GET=forms.form_list, POST=drafts.create)),
    path(f"{_FORM}.svc", Door(GET=odata.service, headers=_ODATA)),
    path(f"{_FORM}.svc/<path:path>", Door(GET=odata.resource, headers=_ODATA)),
    path(f"{_FORM}.xml", Door(GET=forms.form_xml)),
    path(f"{_FORM}.xlsx", Door(GET=forms.workbook)),
    path(_FORM, Door(GET=forms.form, PATCH=forms.change)),
    path(f"{_FORM}/attachments", Door(GET=forms.attachments)),
    path(f"{_FORM}/attachments/<str:name>", Door(GET=forms.attachment)),
    path(f"{_FORM}/draft", Door(GET=drafts.draft, POST=drafts.save, DELETE=drafts.drop)),
    path(f"{_FORM}/draft/attachments", Door(GET=drafts.attachments)),
    path(f"{_FORM}/draft/attachments/<str:name>", Door(POST=drafts.attach)),
    path(f"{_FORM}/draft/publish", Door(POST=drafts.publish)),
    path(f"{_FORM}/fields", Door(GET=forms.fields)),
    path(f"{_FORM}/versions", Door(GET=forms.versions)),
    path(f"{_FORM}/versions/<str:version>.xml", Door(GET=forms.version_xml)),
    path(_RECORDS, Door(GET=submissions.submissions, POST=submissions.create)),
    path(f"{_RECORDS}/keys", Door(GET=submissions.keys)),
    path(f"{_RECORDS}.csv", Door(GET=sheets.table, POST=sheets.table)),
    path(f"{_RECORDS}.csv.zip", Door(GET=sheets.archive, POST=sheets.archive)),
    path(f"{_RECORD}.xml", Door(GET=submissions.document)),
    path(_RECORD, Door(GET=submissions.submission, PUT=submissions.edit, PATCH=submissions.decide)),
    path(f"{_RECORD}/audits", Door(GET=submissions.audits)),
    path(f"{_RECORD}/comments", Door(GET=submissions.comments, POST=submissions.add_comment)),
    path(f"{_RECORD}/attachments", Door(GET=submissions.attachments)),
    path(
        f"{_RECORD}/attachments/<str:name>",
        Door(GET=submissions.attachment, POST=submissions.attach),
    ),
    path("projects/1/datasets", Door(GET=datasets.datasets)),
    path(f"{_LIST}.svc", Door(GET=datasets.service, headers=_ODATA)),
    path(f"{_LIST}.svc/<path:path>", Door(GET=datasets.resource, headers=_ODATA)),
    path(_LIST, Door(GET=datasets.dataset)),
    path(f"{_LIST}/entities", Door(GET=datasets.entries)),
    path(f"{_LIST}/entities.csv", Door(GET=datasets.sheet)),
    path(f"{_LIST}/entities/<str:entity>", Door(GET=datasets.entry)),
    re_path("", Nowhere()),
]
