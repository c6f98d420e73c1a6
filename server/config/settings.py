"""The one settings file. Everything that differs between installations is an environment variable.

README lists every variable read here; a test holds the two lists equal.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog

from server.config import pipeline
from server.core import keyring
from server.ops.logs import masked

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

VAR = Path(env.str("RUHU_VAR", default=str(BASE_DIR / "var")))

# --- keys ------------------------------------------------------------------


def _sealing_keys() -> tuple[list[bytes], Path | None]:
    """The sealing keys, current one first, and the file they come from, which may change while serving."""
    if listed := env.str("RUHU_SECRET_KEYS", default=""):
        return list(keyring.parse(listed)), None
    if command := env.str("RUHU_KEYS_COMMAND", default=""):
        return list(keyring.from_command(command)), None
    path = Path(env.str("RUHU_KEYS_FILE", default=str(VAR / "secret.keys")))
    return list(keyring.parse(path.read_text())) if path.exists() else [], path


def _session_key() -> str:
    """What sessions, forms of pages and tokens are signed with; apart from what seals (decision 0270).

    Without the file that set-up writes, each start has a key of its own: everybody logs in again.
    """
    if given := env.str("RUHU_SESSION_KEY", default=""):
        return str(given)
    path = VAR / "session.key"
    return path.read_text().strip() if path.exists() else secrets.token_hex(32)


RUHU_SECRET_KEYS, RUHU_KEYS_PATH = _sealing_keys()
SECRET_KEY = _session_key()

# --- application -----------------------------------------------------------

DEBUG = env.bool("RUHU_DEBUG", default=False)
ALLOWED_HOSTS = env.list("RUHU_ALLOWED_HOSTS", default=[])
RUHU_GUESSES_HOSTS = not ALLOWED_HOSTS
"""Whether server.ops.hosts decides which hosts are this machine; Django then answers any."""
if RUHU_GUESSES_HOSTS:
    ALLOWED_HOSTS = ["*"]
RUHU_BASE_URL = env.str("RUHU_BASE_URL", default="")
"""Base address that phones are given, where it differs from the address of the request (api_docs/behind-a-proxy.md)."""
RUHU_BEHIND_TLS_PROXY = env.bool("RUHU_BEHIND_TLS_PROXY", default=False)
if RUHU_BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 15_768_000
RUHU_PROXY_TOKEN = env.str("RUHU_PROXY_TOKEN", default="")
"""What the proxy proves itself with in X-Ruhu-Proxy; without one, any proxy that reaches this server is believed."""
RUHU_TLS_AUTHORITY = env.str("RUHU_TLS_AUTHORITY", default="")
"""“own” when the certificate is of the office's own authority, which phones do not trust."""
_base = urlsplit(RUHU_BASE_URL)
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"] if RUHU_BASE_URL else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.humanize",
    "procrastinate.contrib.django",
    "rest_framework",
    "rest_framework_gis",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "server.audit",
    "server.geo",
    "server.accounts",
    "server.forms",
    "server.submissions",
    "server.trials",
    "server.quarantine",
    "server.corrections",
    "server.datasets",
    "server.bulletin",
    "server.imports",
    "server.moving",
    "server.ledgers",
    "server.reports",
    "server.entering",
    "server.erasure",
    "server.disclosure",
    "server.openrosa",
    "server.central",
    "server.api",
    "server.console",
    "server.ops",
    "allauth",  # after the console, whose templates it uses
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
]

MIDDLEWARE = [
    "server.ops.content.Content",
    "server.ops.middleware.Forwarded",
    "server.ops.middleware.ActsOrigin",
    "server.ops.middleware.RowSecurity",
    "server.ops.middleware.RequestLog",
    "server.ops.hosts.KnownHosts",
    "server.ops.paths.EscapedSlashes",
    "server.openrosa.middleware.OpenRosaDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "server.console.middleware.Problems",
]

ROOT_URLCONF = "server.config.urls"
WSGI_APPLICATION = "server.config.wsgi.application"
# Phones do not repeat an upload after a redirect (openrosa.md, Requests and responses).
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- data ------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default="postgis:///ruhu")}
DATABASES["default"].update(
    ENGINE="server.core.postgis",
    CONN_MAX_AGE=None,
    ATOMIC_REQUESTS=False,
    CONN_HEALTH_CHECKS=True,
)
RUHU_WEB_ROLE = env.str("RUHU_WEB_ROLE", default="")
"""The database role that requests take on; "" where the web processes log in as it (security.md, The second wall)."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# GDAL before 3.9 cannot refuse crafted spatial references; the server never reads one from outside (geo sets the SRID).
SILENCED_SYSTEM_CHECKS = ["gis.W001"]
RUHU_AUDIT_HEADS = VAR / "audit.heads"
"""Where the worker writes the audit log's head every hour, outside the database (security.md, Logs)."""
RUHU_BACKUP_STATUS = VAR / "backup-status.json"
"""What the set-up writes down about its backups."""
BLOB_ROOT = env.str("RUHU_BLOBS", default=str(VAR / "blobs"))

# --- people ----------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 10}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username", "name")}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
AUTHENTICATION_BACKENDS = ["server.accounts.backend.People"]
RUHU_SECOND_FACTOR = env.list("RUHU_SECOND_FACTOR", default=[])
"""Roles whose holders must have a second factor (decision 0267)."""
RUHU_OIDC_ISSUER = env.str("RUHU_OIDC_ISSUER", default="")
"""The identity provider of an office that has one (decision 0305); its OpenID Connect address, "" for none."""
RUHU_OIDC_CLIENT_ID = env.str("RUHU_OIDC_CLIENT_ID", default="")
RUHU_OIDC_CLIENT_SECRET = env.str("RUHU_OIDC_CLIENT_SECRET", default="")
RUHU_OIDC_NAME = env.str("RUHU_OIDC_NAME", default="")
RUHU_OIDC_SECOND_FACTOR = env.list("RUHU_OIDC_SECOND_FACTOR", default=["mfa"])
"""What the provider says in `amr` or `acr` when it asked for a second factor."""
SOCIALACCOUNT_ADAPTER = "server.console.office_sign_in.Office"
# django-allauth keeps and checks second factors; passwords, their throttling and users are the server's own.
ACCOUNT_ADAPTER = "server.console.second_factor.Account"
ACCOUNT_FORMS = {"reauthenticate": "server.console.second_factor.ConfirmForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "server.console.second_factor.Factors"
MFA_FORMS = {
    "activate_totp": "server.console.second_factor.NewAppForm",
    "authenticate": "server.console.second_factor.CodeForm",
    "reauthenticate": "server.console.second_factor.ConfirmCodeForm",
    "add_webauthn": "server.console.second_factor.AddKeyForm",
    "edit_webauthn": "server.console.second_factor.NameKeyForm",
    "authenticate_webauthn": "server.console.second_factor.KeyForm",
    "reauthenticate_webauthn": "server.console.second_factor.ConfirmKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Ruhu 入户"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
RUHU_SESSION_IDLE_MINUTES = env.int("RUHU_SESSION_IDLE_MINUTES", default=60)
RUHU_SESSION_HOURS = env.int("RUHU_SESSION_HOURS", default=12)
"""A session of the console ends when it was idle for so long, and so long after it began."""
SESSION_ENGINE = "server.accounts.sessions"
SESSION_COOKIE_AGE = RUHU_SESSION_HOURS * 3600
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "console:login"

# --- language and time -----------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "server" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files -----------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("RUHU_STATIC", default=str(VAR / "static")))
STATICFILES_DIRS = [
    ("vendor/maplibre-gl", VAR / "npm" / "node_modules" / "maplibre-gl" / "dist"),
    ("vendor/web-forms", VAR / "npm" / "bundle"),
]
STATICFILES_FINDERS = [
    "server.console.static_files.Libraries",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_NUMBER_FILES = 20_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
FILE_UPLOAD_TEMP_DIR = env.str("RUHU_UPLOAD_TMP", default=None)

RUHU_UPLOAD_MAX_MB = env.int("RUHU_UPLOAD_MAX_MB", default=500)
"""The largest request of a phone, in MB after decompression."""

# --- quarantine ------------------------------------------------------------

RUHU_QUARANTINE_ITEM_MB = env.int("RUHU_QUARANTINE_ITEM_MB", default=200)
RUHU_QUARANTINE_DAY_ITEMS = env.int("RUHU_QUARANTINE_DAY_ITEMS", default=500)
RUHU_QUARANTINE_DAY_MB = env.int("RUHU_QUARANTINE_DAY_MB", default=1_000)
RUHU_QUARANTINE_TOTAL_MB = env.int("RUHU_QUARANTINE_TOTAL_MB", default=20_000)

# --- REST ------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "server.api.requests.PasswordLogin",
        "server.api.requests.TokenLogin",
        "server.api.requests.SessionLogin",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["server.api.filters.Backend"],
    "DEFAULT_PAGINATION_CLASS": "server.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "server.api.schema.Schema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "server.api.representations.Negotiation",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "server.api.problems.render",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Ruhu REST API",
    "DESCRIPTION": "Forms, submissions and ledgers of door-to-door employment assistance.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["server.api.schema.complete"],
}

# --- steps after a submission or a publication -----------------------------

AT_PUBLICATION = pipeline.AT_PUBLICATION
AFTER_SUBMISSION = pipeline.AFTER_SUBMISSION
AFTER_PUBLICATION = pipeline.AFTER_PUBLICATION
AFTER_READING_AGAIN = pipeline.AFTER_READING_AGAIN
AFTER_RENUMBERING = pipeline.AFTER_RENUMBERING
ENTITY_LISTS = pipeline.ENTITY_LISTS
OWN_ENTITY_LIST = pipeline.OWN_ENTITY_LIST
DECLARED_LISTS = pipeline.DECLARED_LISTS
AFTER_TRIAL = pipeline.AFTER_TRIAL
RUHU_VALIDATE_JAVA = env.str("RUHU_JAVA", default="java")
"""The Java runtime for ODK Validate; without one, forms are published without that check."""

# --- logs ------------------------------------------------------------------

LOG_LEVEL = env.str("RUHU_LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Plain tracebacks: the richer ones print local variables, which hold answers.
                structlog.dev.ConsoleRenderer(
                    colors=False, exception_formatter=structlog.dev.plain_traceback
                ),
                masked,
            ],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "CRITICAL"},  # ops.middleware logs each request once
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "procrastinate": {"level": "WARNING"},
        "weasyprint": {"level": "WARNING"},  # each step of a paper
        "fontTools": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
