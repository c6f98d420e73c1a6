"""The paths of the REST door; every other path below it answers with a problem document."""

from typing import Any

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from server.api.document import SchemaView
from server.api.views.audit import Audit
from server.api.views.base import Nowhere
from server.api.views.bulletins import Bulletins
from server.api.views.disclosure import ExportPermits
from server.api.views.division_changes import DivisionChanges
from server.api.views.due_visits import VisitsDue
from server.api.views.encryption import EncryptionKeys
from server.api.views.erasure import Erasures
from server.api.views.filings import Filings
from server.api.views.forms import Forms
from server.api.views.imports import Imports
from server.api.views.ledgers import LEDGER_VIEWS
from server.api.views.links import Links
from server.api.views.office import Divisions, Exceptions, FieldAccounts
from server.api.views.phone_settings import PhonesOfAreas
from server.api.views.quarantine import Quarantine
from server.api.views.reports import Reports
from server.api.views.rules import RulesView
from server.api.views.submissions import Deletions, Submissions
from server.api.views.users import Users

app_name = "api"

VIEWS: dict[str, Any] = {
    "forms": Forms,
    "encryption-keys": EncryptionKeys,
    "submissions": Submissions,
    "deletions": Deletions,
    "erasures": Erasures,
    "quarantine": Quarantine,
    **LEDGER_VIEWS,
    "visits/due": VisitsDue,
    "exceptions": Exceptions,
    "links": Links,
    "reports/filings": Filings,
    "reports": Reports,
    "bulletins": Bulletins,
    "imports": Imports,
    "rules": RulesView,
    "divisions": Divisions,
    "division-changes": DivisionChanges,
    "field-accounts": FieldAccounts,
    "phone-settings": PhonesOfAreas,
    "users": Users,
    "audit": Audit,
    "export-permits": ExportPermits,
}
router = SimpleRouter(use_regex_path=False)
for prefix, views in VIEWS.items():
    router.register(prefix, views, basename=prefix)

urlpatterns = [
    *router.urls,
    path("schema/", SchemaView.as_view(), name="schema"),
    re_path("", Nowhere.as_view()),
]
