"""The addresses of each door."""

from django.urls import include, path, re_path

from server.api.views.base import Nowhere
from server.central.endpoint import UnknownEndpoint
from server.openrosa.urls import DRAFTS, OPENROSA
from server.ops.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # The OpenRosa door, twice: with a field account's token, and with user name and password.
    path("key/<str:token>/", include((OPENROSA, "openrosa"), namespace="key")),
    path("odk/", include((OPENROSA, "openrosa"), namespace="odk")),
    # And for who tries a draft, where ODK Central has it.
    path(
        "v1/test/<str:token>/projects/1/forms/<str:form>/",
        include((DRAFTS, "openrosa"), namespace="draft"),
    ),
    path("api/v1/", include("server.api.urls", namespace="api")),
    re_path("^api(/|$)", Nowhere.as_view()),
    path("v1/", include("server.central.urls", namespace="central")),
    path("v1", UnknownEndpoint()),
    path("", include("server.console.urls", namespace="console")),
    path("", include("server.console.allauth_urls")),
]

handler500 = "server.ops.middleware.unforeseen"
