"""Fixtures of nearly every test: a few divisions, a phone, users who log in.

Test people only with ID prefix 4499xx and phones 020-0000xxxx.
"""

from __future__ import annotations

import base64
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.factories.statements import counted
from tests.factories.submissions import Phone, make_form, make_phone
from tests.samples.xlsforms import converted_cells

# Settings are read at import, so the tests' keys are set before it.
os.environ["RUHU_SESSION_KEY"] = "test session key, never used"
os.environ["RUHU_SECRET_KEYS"] = base64.b64encode(b"test key, 32 bytes, never used !").decode()
# The tests' connection owns the tables; requests take on the role of the web processes. pytest-django
# may have read the settings before this file.
django_settings.RUHU_WEB_ROLE = "ruhu_web"
# The suite decides whether a commit is taken, so it runs the same examples each time, and how busy
# the machine is fails nothing; other examples are tried on purpose, by `./ruhu test --long explore`.
patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
hypothesis_settings.register_profile("suite", derandomize=True, **patient)
hypothesis_settings.register_profile("explore", derandomize=False, print_blob=True, **patient)
hypothesis_settings.load_profile("suite")
gc.set_threshold(200_000)  # until all tests are collected, hardly anything is garbage

STREET = "440106003"
COMMUNITY = "440106003001"
OTHER_COMMUNITY = "440106003002"
OTHER_STREET_COMMUNITY = "440106005001"
OFFICE_FILES = frozenset(
    f"tests/acceptance/{name}.py"
    for name in (
        *(
            f"openrosa/{path.stem}"
            for path in Path(__file__).parent.glob("acceptance/openrosa/test_*")
        ),
        "test_from_phone_to_map",
        "test_large_uploads",
        "test_slow_phones",
        "test_two_engines",
    )
)
LONG_FILES = frozenset(
    f"tests/{name}.py"
    for name in (
        "acceptance/test_console_browser",
        "acceptance/test_kill",
        "acceptance/test_restore",
        "contracts/test_coverage",
        "contracts/test_headers",
        "contracts/test_permissions",
        "doors/api/test_leaks",
        "doors/console/test_leaks",
        "doors/test_acts_elsewhere",
        "doors/test_authority",
        "rooms/test_authority_properties",
        "rooms/test_quarantine_migration",
        "rooms/test_rotation",
        "rooms/test_upgrade",
        "unit/test_ledgers_properties",
        "unit/test_web_worker",
        "unit/test_xlsforms",
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="also run tests marked `long`, which are too long for the suite",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked `long` without --long, and put the slow files first.

    Then both workers end with small files, at about the same time.
    """
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    begins = (OFFICE_FILES, LONG_FILES)
    items.sort(key=lambda item: [item.nodeid.partition("::")[0] not in files for files in begins])


def pytest_collection_finish() -> None:
    """The collector need not look again and again at what stays until the end, which is most of it.

    What a request leaves in cycles is small: looked at after 20,000 new objects, not 700.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A file's tests go to one worker, and all of the running office's do: each worker would set one up.

    Those that use the migrated older database do so, too.
    """
    from xdist.scheduler import LoadFileScheduling

    class OneOffice(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            if file in ("tests/rooms/test_rotation.py", "tests/rooms/test_upgrade.py"):
                return "upgraded"
            return "office" if file in OFFICE_FILES else file

    return OneOffice(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """The tests' databases begin as copies of one that has all tables, where `./ruhu test` made one.

    A database that `./ruhu test --only` keeps has a name of its own, so that a run of the whole
    suite at the same time leaves it alone.
    """
    from django.db import connection

    options = connection.settings_dict["TEST"]
    options["TEMPLATE"] = os.environ.get("TESTS_COPY_DATABASE")
    if suffix := os.environ.get("TESTS_KEPT_SUFFIX"):
        name = options["NAME"] or f"test_{connection.settings_dict['NAME']}"
        options["NAME"] = f"{name}{suffix}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """After tests of whole transactions Django empties all tables, which the audit log's refuses."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("alter table audit_entry disable trigger audit_entry_is_never_emptied")


@pytest.fixture(scope="session", autouse=True)
def _only_what_a_test_wrote_is_deleted() -> Iterator[None]:
    """A test of whole transactions leaves empty tables, and no job of which a later test lacks the files."""
    from django.test import TransactionTestCase

    from tests.factories.emptied import empty_tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(scope="session", autouse=True)
def _workbooks_are_converted_once() -> Iterator[None]:
    """Publishing takes pyxform's result from where the tests keep it; many publish the same forms."""
    from server.forms import conversion

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "convert", lambda *, xlsform, **_same: converted_cells(xlsform))
        yield


@pytest.fixture(scope="session", autouse=True)
def _entries_have_names() -> None:
    """Tests without a database name entries, too; those with one take its secret."""
    from server.ledgers.identity.keys import name_with

    name_with(b"test naming")


@pytest.fixture(autouse=True)
def _settings_for_tests(settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = str(tmp_path / "blobs")
    settings.RUHU_KEYS_PATH = None
    settings.RUHU_BACKUP_STATUS = tmp_path / "no-backups.json"
    settings.RUHU_GUESSES_HOSTS = False  # Django's test client calls the server “testserver”
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _office_language(settings) -> Iterator[None]:
    """Each test starts in the office's language, whatever the previous one activated."""
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def statements(db) -> Iterator[list[object]]:
    """The statements sent to PostgreSQL from here on."""
    with counted() as sent:
        yield sent


@pytest.fixture
def divisions(db) -> None:
    """Guangdong → Guangzhou → Tianhe → two streets, three communities, without boundaries."""
    from server.geo.models import Division, Level

    Division.objects.bulk_create(
        Division(code=code, level=level, parent_id=parent, name=name, name_en=name_en)
        for code, level, parent, name, name_en in (
            ("440000000000", Level.PROVINCE, None, "广东省", "Guangdong"),
            ("440100000000", Level.CITY, "440000000000", "广州市", "Guangzhou"),
            ("440106000000", Level.COUNTY, "440100000000", "天河区", "Tianhe"),
            ("440106003000", Level.STREET, "440106000000", "石牌街道", "Shipai"),
            ("440106005000", Level.STREET, "440106000000", "五山街道", "Wushan"),
            ("440106003001", Level.COMMUNITY, "440106003000", "示范一社区", "Demo 1"),
            ("440106003002", Level.COMMUNITY, "440106003000", "示范二社区", "Demo 2"),
            ("440106005001", Level.COMMUNITY, "440106005000", "邻街社区", "Next street"),
        )
    )


@pytest.fixture
def phone(divisions) -> Phone:
    """A community worker's phone, with a form."""
    make_form()
    return make_phone()


@pytest.fixture
def make_user(db) -> Callable[..., object]:
    """make_user("li", role="street", area=STREET) → a saved User with that grant and password "correct horse"."""
    from server.accounts.models import RoleGrant, User

    def make(username: str, *, role: str = "street", area: str = STREET) -> User:
        user = User(username=username, name=username)
        user.set_password("correct horse")
        user.save()
        RoleGrant.objects.create(user=user, role=role, area=area)
        return user

    return make
