"""Django's settings, all read from the environment. docs/operations.md lists the names for operators."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from servicedesk.project import addresses, embedded, envfile
from servicedesk.project.env import (
    BASE_DIR,
    LEVELS,
    Stage,
    allowed_hosts,
    encryption_keys,
    env,
    package_folder,
    read_certificates,
    read_choice,
    read_day,
    read_names,
    read_origin,
    read_providers,
    read_roles,
    read_sender,
    read_stage,
    read_var,
    read_words,
    secret_key,
    trial_origin,
)
from servicedesk.project.panels import PANELS

envfile.load()
STAGE = read_stage()
PRODUCTION = STAGE is Stage.PRODUCTION
VAR = read_var()
DEBUG = env.bool("SAMDRIFT_DEBUG")

SECRET_KEY = secret_key(STAGE, VAR)
SAMDRIFT_ENCRYPTION_KEYS = encryption_keys(STAGE, VAR)
ALLOWED_HOSTS = allowed_hosts(STAGE)

# Where the site is reached from outside; in mails and in the catalogue.
SAMDRIFT_URL = read_origin(
    "SAMDRIFT_URL",
    env.str("SAMDRIFT_URL", f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else trial_origin(VAR)),
    path=True,
)
# The page of a ticket, by reference: reports link to it without knowing the desk.
SAMDRIFT_CASE_URL = "desk:ticket"
SAMDRIFT_TRAP_PORT = env.int("SAMDRIFT_TRAP_PORT", default=162 if PRODUCTION else 10162, least=1, most=65535)
SAMDRIFT_IMAP_URL = addresses.mailbox("SAMDRIFT_IMAP_URL", env.str("SAMDRIFT_IMAP_URL"))
# Whose certificates the mail server's may be signed with, where the system's own do not know them.
SAMDRIFT_IMAP_CA = read_certificates("SAMDRIFT_IMAP_CA")
# What the server got before this day stays in the mailbox.
SAMDRIFT_IMAP_SINCE = read_day("SAMDRIFT_IMAP_SINCE")
# Our own mail servers as they call themselves in Authentication-Results; nobody else's word about a sender counts.
SAMDRIFT_MAIL_AUTHSERV = read_names("SAMDRIFT_MAIL_AUTHSERV")
SAMDRIFT_METRICS_TOKEN = env.str("SAMDRIFT_METRICS_TOKEN")
# Loopback networks whose devices are simulated. No variable: outside demo and tests nothing may open them.
SAMDRIFT_EGRESS_SIMULATED = ["127.10.0.0/16"] if STAGE is Stage.DEMO else []

# Municipalities' identity providers.
OIDC = read_providers("SAMDRIFT_OIDC")

INSTALLED_APPS = [
    "servicedesk.project.apps.ProjectConfig",
    "servicedesk.apps.ServicedeskConfig",
    "sla.apps.SlaConfig",
    "monitoring.apps.MonitoringConfig",
    "cmdb.apps.CmdbConfig",
    "cmdb.common.apps.CommonConfig",
    "servicedesk.project.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "mptt",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(("allauth.socialaccount.providers.openid_connect",) if OIDC else ()),  # no tables, but `requests`
    "django_linear_migrations",
]

MIDDLEWARE = [
    "servicedesk.project.middleware.RequestIdMiddleware",
    "servicedesk.project.health.ProbeMiddleware",
    "servicedesk.project.middleware.OwnAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "servicedesk.project.middleware.NoStoreMiddleware",
    "servicedesk.project.middleware.ContentSecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "servicedesk.project.middleware.CallerMiddleware",
    "servicedesk.project.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "servicedesk.project.secondfactor.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "servicedesk.project.middleware.KnownBrowserMiddleware",
    "servicedesk.project.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "servicedesk.project.urls"
WSGI_APPLICATION = "servicedesk.project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [package_folder("ninja") / "templates"],  # the page of /api/v1/docs, see api.py
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "servicedesk.project.menu.shell",
            ],
        },
    }
]

# Fragments of upper floors on pages of lower ones.
SAMDRIFT_PANELS = PANELS

# Database: a server of the operator's, or the private cluster beside us.
_server = addresses.database("DATABASE_URL", env.str("DATABASE_URL"))
EMBEDDED = not _server
DATABASES: dict[str, dict[str, Any]] = {"default": _server or embedded.django_database(VAR)}
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,  # one short question per request; else a restarted server costs every worker one 500
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {})

# Sessions in the database: signing out must hold in every process at once, which a cache of its own per process cannot give.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
CACHES = {"default": addresses.cache("SAMDRIFT_CACHE_URL", env.str("SAMDRIFT_CACHE_URL"))}

# Who may sign in, and how.
AUTH_USER_MODEL = "cmdb.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "servicedesk.project.signin.AccountAdapter"
ACCOUNT_FORMS = {"login": "servicedesk.project.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # people come from the register or from the identity provider, nobody signs up
)
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SAMDRIFT_URL).scheme
# A town hall signs in from one address, at eight o'clock; the demo from one address with twelve accounts. Wrong passwords count
# for the address, and for a person from an address (see signin.py): nobody is locked out by a stranger elsewhere.
# Letters with a link are counted for the address alone; how many one mailbox gets is in guesses.py, since a refusal there would
# keep the mailbox's owner out. A limit that refuses a page is by the minute: cmdb.common.errors says so.
ACCOUNT_RATE_LIMITS: dict[str, str] = {
    "login": "300/m/ip",
    "login_failed": "100/10m/ip,10/5m/key",
    "reset_password": "20/m/ip",
}
# Nothing is sent to addresses that nobody here has, and the page says the same to all.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("SAMDRIFT_PROXY_COUNT", default=0)
SOCIALACCOUNT_ADAPTER = "servicedesk.project.signin.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": OIDC, "OAUTH_PKCE_ENABLED": True}}
SAMDRIFT_MFA_ROLES = read_roles("SAMDRIFT_MFA_ROLES")
MFA_ADAPTER = "servicedesk.project.signin.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Samdrift"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION

# Languages and time. Instants are UTC; people see Oslo's time unless a calendar says otherwise.
LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", _("Norwegian Bokmål")), ("nn", _("Norwegian Nynorsk")), ("en", _("English"))]
LOCALE_PATHS = [
    BASE_DIR / folder / "locale"
    for folder in ("servicedesk", "sla", "monitoring", "cmdb", "cmdb/common", "servicedesk/project")
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Oslo"

# Files: what pages need, and what people attach (never served by a path, only through a checked view).
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [package_folder("ninja") / "static"]  # so that /api/v1/docs asks no foreign server
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "servicedesk.project.assets.NamedFilesFinder",
]
MEDIA_ROOT = VAR / "files"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT, "base_url": None},
    },
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        )
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    8 * 1024 * 1024
)  # above the longest text a form takes, so that the form can say what is too long
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_USE_FINDERS = DEBUG

# Mail out. Without a server it lies readable in var/mail/.
vars().update(addresses.mail("SAMDRIFT_EMAIL_URL", env.str("SAMDRIFT_EMAIL_URL"), VAR / "mail"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read_sender("SAMDRIFT_EMAIL_FROM", "Samdrift <samdrift@localhost>")

# Work in the background.
CELERY_BROKER_URL = addresses.broker("CELERY_BROKER_URL", env.str("CELERY_BROKER_URL"))
os.environ["CELERY_BROKER_URL"] = (
    CELERY_BROKER_URL  # Celery reads the variable past the settings: it shall see the same
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
QUEUE_FOLDER = VAR / "queue"
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_FOLDER / "messages"),
        "data_folder_out": str(QUEUE_FOLDER / "messages"),
        "control_folder": str(QUEUE_FOLDER / "control"),
        "polling_interval": 0.1,
    }
else:
    # A task that a killed worker held is given to another one after this time; longer than any task's limit.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4200}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 600
CELERY_TASK_TIME_LIMIT = 660
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB; a child that grew beyond is replaced after its task
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")

# Browser's rules.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cmdb.common.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [
    read_origin("SAMDRIFT_TRUSTED_ORIGINS", word) for word in read_words("SAMDRIFT_TRUSTED_ORIGINS")
]
SECURE_SSL_REDIRECT = env.bool("SAMDRIFT_SSL_REDIRECT", default=True) and PRODUCTION
if SAMDRIFT_URL.startswith("https:"):
    SECURE_SSL_HOST = urlsplit(SAMDRIFT_URL).netloc
SECURE_HSTS_SECONDS = env.int("SAMDRIFT_HSTS_SECONDS", default=60 * 60 * 24 * 365) if PRODUCTION else 0
if env.bool("SAMDRIFT_BEHIND_PROXY") and PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# History of the register: who and which request, at every write path.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s [%(trace)s] %(name)s: %(message)s"}},
    "filters": {
        "no_secrets": {"()": "servicedesk.project.logs.NoSecrets"},
        "traced": {"()": "cmdb.common.trace.Traced"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["no_secrets", "traced"],
        }
    },
    "root": {"handlers": ["stderr"], "level": read_choice("SAMDRIFT_LOG_LEVEL", LEVELS, "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # else a line at every start: the queue of files has no host
        "asyncssh": {"level": "WARNING"},
        "paramiko": {"level": "WARNING"},
    },
}
