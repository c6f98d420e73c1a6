"""The paths of the OpenRosa resources (openrosa.md, Requests and responses).

Both forms, with and without a final slash, are answered and neither is redirected: clients
send either, and an upload is lost when it is redirected.
"""

from __future__ import annotations

from django.urls import re_path

from server.openrosa import briefcase, drafts, views

_VERSION = r"^forms/(?P<form>[^/]+)/(?P<version>[^/]+)"

OPENROSA = [
    re_path(r"^submission/?$", views.submission, name="submission"),
    re_path(r"^formList/?$", views.form_list, name="formList"),
    re_path(_VERSION + r"/form\.xml/?$", views.form_xml, name="form_xml"),
    re_path(_VERSION + r"/manifest\.xml/?$", views.manifest, name="manifest"),
    re_path(_VERSION + r"/media/(?P<filename>[^/]+)/?$", views.media, name="media"),
    re_path(r"^entities/integrity/?$", views.integrity, name="integrity"),
    re_path(r"^view/submissionList/?$", briefcase.submission_list, name="submissionList"),
    re_path(r"^view/downloadSubmission/?$", briefcase.download_submission, name="download"),
    re_path(
        r"^view/files/(?P<form>[^/]+)/(?P<instance>[^/]+)/(?P<filename>[^/]+)/?$",
        briefcase.file,
        name="submission_file",
    ),
    re_path(r"^(?:upload|formUpload)/?$", briefcase.upload, name="upload"),
]

DRAFTS = [
    re_path(r"^draft\.xml/?$", drafts.form_xml, name="form_xml"),
    re_path(r"^draft/formList/?$", drafts.form_list, name="formList"),
    re_path(r"^draft/manifest/?$", drafts.manifest, name="manifest"),
    re_path(r"^draft/attachments/(?P<filename>[^/]+)/?$", drafts.media, name="media"),
    re_path(r"^draft/submission/?$", drafts.submission, name="submission"),
    re_path(r"^draft/entities/integrity/?$", drafts.integrity, name="integrity"),
]
"""The same for a draft, at the addresses that ODK Central gives to phones that try it."""
