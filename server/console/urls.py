"""The console's addresses."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.i18n import set_language

from server.console.views import (
    disclosure,
    employers,
    exceptions,
    field_accounts,
    files,
    forms,
    home,
    households,
    map,
    persons,
    session,
    submissions,
)

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("login", session.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("language", set_language, name="language"),
    path("submissions", submissions.submissions, name="submissions"),
    path("review", submissions.review, name="review"),
    path("submissions/<int:number>", submissions.submission, name="submission"),
    path("submissions/<int:number>/decision", submissions.decide, name="decide"),
    path("files/<int:number>", files.original, name="file"),
    path("files/<int:number>/preview", files.preview, name="preview"),
    path("households", households.households, name="households"),
    path("households/<uuid:entry>", households.household, name="household"),
    path("persons", persons.persons, name="persons"),
    path("persons/<uuid:entry>", persons.person, name="person"),
    path("cases", persons.cases, name="cases"),
    path("cases/<uuid:entry>", persons.case, name="case"),
    path("employers", employers.employers, name="employers"),
    path("employers/<uuid:entry>", employers.employer, name="employer"),
    path("vacancies", employers.vacancies, name="vacancies"),
    path("quarantine", submissions.quarantine, name="quarantine"),
    path("exceptions", exceptions.exceptions, name="exceptions"),
    path("exceptions/<int:number>", exceptions.resolve, name="resolve"),
    path("sealed/<str:ledger>/<uuid:entry>/<slug:column>", disclosure.sealed, name="sealed"),
    path("disclosures", disclosure.disclosures, name="disclosures"),
    path("map", map.map_page, name="map"),
    path("map/search", map.search, name="map-search"),
    path("map/households/<uuid:entry>", map.popup, name="map-popup"),
    path("tiles/divisions/<int:z>/<int:x>/<int:y>", map.divisions, name="division-tile"),
    path("tiles/assisted/<int:z>/<int:x>/<int:y>", map.assisted, name="assisted-tile"),
    path("forms", forms.forms, name="forms"),
    path("forms/publish", forms.publish, name="publish"),
    path("forms/<str:form_id>/state", forms.set_state, name="form-state"),
    path("field-accounts", field_accounts.field_accounts, name="field-accounts"),
    path("field-accounts/new", field_accounts.new_field_account, name="new-field-account"),
    path("field-accounts/codes", field_accounts.codes, name="codes"),
    path("field-accounts/<int:user_id>/lost", field_accounts.lost, name="lost-phone"),
    path("field-accounts/<int:user_id>/code", field_accounts.new_code, name="new-code"),
    path("field-accounts/<int:number>/revoke", field_accounts.revoke, name="revoke"),
]
