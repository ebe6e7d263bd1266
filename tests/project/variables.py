"""Every variable of the environment with the values that its document promises, and the ones that must be refused."""

import ast
import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from servicedesk.project import envfile
from tests.cluster import ROOT

SECRET = "k7$Q-b" * 10
KEY = "0123456789abcdef0123456789abcdef0123456789_="
PRODUCTION = {
    "SAMDRIFT_ENV": "production",
    "SAMDRIFT_SECRET_KEY": SECRET,
    "SAMDRIFT_ENCRYPTION_KEYS": KEY,
    "SAMDRIFT_ALLOWED_HOSTS": "desk.example.no",
}
PROVIDER = {
    "provider_id": "lilleby",
    "name": "Lilleby kommune",
    "client_id": "samdrift",
    "secret": "hemmelig-nøkkel",
    "settings": {"server_url": "https://id.example.no/", "email_domains": ["lilleby.kommune.no"]},
}
Read = Callable[[dict[str, str]], dict[str, Any]]


def database(value: dict[str, Any]) -> tuple[Any, ...]:
    at = value["DATABASES"]["default"]
    return (
        value["EMBEDDED"],
        *(at[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")),
        dict(at["OPTIONS"]),
    )


def mail(value: dict[str, Any]) -> tuple[Any, ...]:
    names = (
        "HOST",
        "PORT",
        "HOST_USER",
        "HOST_PASSWORD",
        "USE_TLS",
        "USE_SSL",
    )
    return tuple(value[f"EMAIL_{name}"] for name in names)


def one(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value[name]


def proxy(value: dict[str, Any]) -> Any:
    return "SECURE_PROXY_SSL_HEADER" in value


FILES = "servicedesk.mail.filebased.EmailBackend"
FILE = "/tmp/FILE"  # tests put a file of settings in its place
#: variable → what of the settings it decides, and (value → what that is then). Production unless the value says else.
TAKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], dict[str, Any]]] = {
    "SAMDRIFT_ENV": (
        lambda value: str(value["STAGE"]),
        {**{stage: stage for stage in ("development", "demo", "test", "production")}, " Production ": "production"},
    ),
    "SAMDRIFT_SECRET_KEY": (one("SECRET_KEY"), {SECRET: SECRET, "$" + SECRET: "$" + SECRET, f" {SECRET} ": SECRET}),
    "SAMDRIFT_ENCRYPTION_KEYS": (
        one("SAMDRIFT_ENCRYPTION_KEYS"),
        {KEY: [KEY], f"{KEY}, {KEY},": [KEY, KEY]},
    ),
    "SAMDRIFT_ALLOWED_HOSTS": (
        one("ALLOWED_HOSTS"),
        {"desk.example.no": ["desk.example.no"], " a.example.no ,, b.example.no": ["a.example.no", "b.example.no"]},
    ),
    "SAMDRIFT_VAR": (lambda value: value["VAR"].is_dir(), {"": True}),
    "SAMDRIFT_ENV_FILE": (one("SAMDRIFT_METRICS_TOKEN"), {"": "", FILE: "a b"}),
    "DATABASE_URL": (
        database,
        {
            "postgres://user:password@host:5432/name": (False, "user", "password", "host", "5432", "name", {}),
            "postgresql://user@[::1]/name": (False, "user", "", "::1", "", "name", {}),
            "postgres://%2Fvar%2Frun%2Fpostgresql/name": (False, "", "", "/var/run/postgresql", "", "name", {}),
            "postgres:///name": (False, "", "", "", "", "name", {}),
            "postgres://u:a/b#c?d%e@db.example.no:6543/n": (False, "u", "a/b#c?d%e", "db.example.no", "6543", "n", {}),
            "postgres://u:p%40s%2Fs@h/n?sslmode=verify-full": (
                False, "u", "p@s/s", "h", "", "n", {"sslmode": "verify-full"},
            ),
        },
    ),
    "CELERY_BROKER_URL": (
        one("CELERY_BROKER_URL"),
        {
            "": "filesystem://",
            "filesystem://": "filesystem://",
            "redis://127.0.0.1:6379/0": "redis://127.0.0.1:6379/0",
            "redis://:password@host:6379/0": "redis://:password@host:6379/0",
            "rediss://:a#b@host/0": "rediss://:a%23b@host/0",
            "amqp://user:password@host:5672/vhost": "amqp://user:password@host:5672/vhost",
            "amqps://u:p@ss#w?rd@host": "amqps://u:p%40ss%23w%3Frd@host",
        },
    ),
    "SAMDRIFT_CACHE_URL": (
        lambda value: value["CACHES"]["default"]["LOCATION"],
        {
            "": "samdrift",
            "redis://:password@host:6379/1": "redis://:password@host:6379/1",
            "rediscache://127.0.0.1:6379/1": "redis://127.0.0.1:6379/1",
            "rediss://host:6380/1": "rediss://host:6380/1",
        },
    ),
    "SAMDRIFT_EMAIL_URL": (
        lambda value: mail(value) if "EMAIL_HOST" in value else (value["EMAIL_BACKEND"], value["EMAIL_FILE_PATH"].name),
        {
            "": (FILES, "mail"),
            "filemail:///srv/letters": (FILES, "letters"),
            "smtp://host:25": ("host", 25, "", "", False, False),
            "smtp://host": ("host", 25, "", "", False, False),
            "smtp+tls://user:password@host:587": ("host", 587, "user", "password", True, False),
            "smtp+ssl://user:password@host:465": ("host", 465, "user", "password", False, True),
            "smtp+ssl://host/": ("host", 465, "", "", False, True),
            "smtp+tls://desk@example.no:p@s#w?r%25d@[::1]": ("::1", 587, "desk@example.no", "p@s#w?r%d", True, False),
        },
    ),
    "SAMDRIFT_EMAIL_FROM": (
        one("DEFAULT_FROM_EMAIL"),
        {
            "": "Samdrift <samdrift@localhost>",
            "Samdrift <samdrift@example.no>": "Samdrift <samdrift@example.no>",
            "desk@example.no": "desk@example.no",
        },
    ),
    "SAMDRIFT_IMAP_URL": (
        one("SAMDRIFT_IMAP_URL"),
        {
            "": "",
            "imaps://user:password@host:993/INBOX": "imaps://user:password@host:993/INBOX",
            "imap://desk@example.no:a#b@host": "imap://desk%40example.no:a%23b@host",
            "imap+tls://user:password@host/INBOX": "imap+tls://user:password@host/INBOX",
        },
    ),
    "SAMDRIFT_IMAP_CA": (one("SAMDRIFT_IMAP_CA"), {"": ""}),
    "SAMDRIFT_IMAP_SINCE": (one("SAMDRIFT_IMAP_SINCE"), {"": None, "2026-11-01": date(2026, 11, 1)}),
    "SAMDRIFT_MAIL_AUTHSERV": (
        one("SAMDRIFT_MAIL_AUTHSERV"),
        {"": [], "mx.example.no": ["mx.example.no"], " mx1.example.no, mx2.example.no ": ["mx1.example.no", "mx2.example.no"]},
    ),
    "SAMDRIFT_MFA_ROLES": (
        one("SAMDRIFT_MFA_ROLES"),
        {"": [], "technician, Admin": ["technician", "admin"], "technician,lead,changemanager,oncall,admin": ["technician", "lead", "changemanager", "oncall", "admin"]},
    ),
    "SAMDRIFT_URL": (
        one("SAMDRIFT_URL"),
        {
            "": "https://desk.example.no",
            "https://desk.example.no/": "https://desk.example.no",
            "http://127.0.0.1:9000": "http://127.0.0.1:9000",
        },
    ),
    "SAMDRIFT_TRAP_PORT": (one("SAMDRIFT_TRAP_PORT"), {"": 162, "10162": 10162, " 162 ": 162}),
    "SAMDRIFT_OIDC": (
        lambda value: [provider["provider_id"] for provider in value["OIDC"]],
        {"": [], "[]": [], json.dumps([PROVIDER]): ["lilleby"]},
    ),
    "SAMDRIFT_BEHIND_PROXY": (
        proxy,
        {"": False, **dict.fromkeys(("1", "true", "YES", "on"), True), **dict.fromkeys(("0", "False", "no", "off"), False)},
    ),
    "SAMDRIFT_PROXY_COUNT": (one("ALLAUTH_TRUSTED_PROXY_COUNT"), {"": 0, "0": 0, "2": 2}),
    "SAMDRIFT_TRUSTED_ORIGINS": (
        one("CSRF_TRUSTED_ORIGINS"),
        {"": [], "https://a.example.no, https://b.example.no:8443/": ["https://a.example.no", "https://b.example.no:8443"]},
    ),
    "SAMDRIFT_SSL_REDIRECT": (one("SECURE_SSL_REDIRECT"), {"": True, "1": True, "no": False}),
    "SAMDRIFT_HSTS_SECONDS": (one("SECURE_HSTS_SECONDS"), {"": 31536000, "0": 0, "3600": 3600}),
    "SAMDRIFT_METRICS_TOKEN": (one("SAMDRIFT_METRICS_TOKEN"), {"": "", "$a b$": "$a b$"}),
    "SAMDRIFT_LOG_LEVEL": (
        lambda value: value["LOGGING"]["root"]["level"],
        {"": "INFO", "debug": "DEBUG", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "CRITICAL"},
    ),
    "SAMDRIFT_DEBUG": (one("DEBUG"), {"": False, "0": False, "1": True}),
}  # fmt: skip

REFUSED: dict[str, list[str]] = {
    "SAMDRIFT_ENV": ["", "prod"],
    "SAMDRIFT_SECRET_KEY": ["", "short", "a" * 60],
    "SAMDRIFT_ENCRYPTION_KEYS": ["", " , ", "not-a-key"],
    "SAMDRIFT_ALLOWED_HOSTS": ["", " , ", "*"],
    "SAMDRIFT_VAR": ["/proc/nothing/here"],
    "SAMDRIFT_ENV_FILE": ["/proc/nothing/here", "/tmp"],
    "DATABASE_URL": [
        "mysql://u:hemmelig@h/n", "host=/tmp dbname=x", "postgres://u:hemmelig@h", "postgres://u:hemmelig@h:99999/n",
        "postgres://u:hem@me/lig@h/n", "postgres://u:hemmelig@h/n?sslmoode=require",
    ],
    "CELERY_BROKER_URL": ["127.0.0.1:6379", "sqs://", "redis://:hemmelig@/0", "amqp://u:hemmelig@h:amqp/v"],
    "SAMDRIFT_CACHE_URL": ["memcache://h", "redis://:hemmelig@h/one", "redis://"],
    "SAMDRIFT_EMAIL_URL": [
        "mail.example.no:587", "smtps://u:hemmelig@h", "smtp://u:hemmelig@h:port", "smtp://u:hemmelig@h/folder",
        "smtp+tls://:587", "filemail://", "filemail://srv/letters", "smtp://u:hemmelig@h?timeout=3",
    ],
    "SAMDRIFT_EMAIL_FROM": ["Samdrift", "desk@", "a@example.no\nBcc: all@example.no"],
    "SAMDRIFT_IMAP_URL": ["pop3://u:hemmelig@h", "imaps://mail.example.no/INBOX", "imaps://u:hemmelig@"],
    "SAMDRIFT_IMAP_CA": ["/no/such/file", "/dev/null"],
    "SAMDRIFT_IMAP_SINCE": ["1.11.2026", "yesterday", "2026-13-01"],
    "SAMDRIFT_MFA_ROLES": ["superuser", "technician admin"],
    "SAMDRIFT_MAIL_AUTHSERV": ["mx example.no", "imaps://mx.example.no", "desk@example.no", "mx.example.no;"],
    "SAMDRIFT_URL": ["desk.example.no", "ftp://desk.example.no", "https://", "https://h:port"],
    "SAMDRIFT_TRAP_PORT": ["0", "65536", "snmp", "1.5", "-1"],
    "SAMDRIFT_OIDC": [
        "[{", '{"provider_id": "x"}', '[{"provider_id": "x"}]', json.dumps([PROVIDER, PROVIDER]),
        json.dumps([PROVIDER | {"settings": {"server_url": "hemmelig"}}]),
    ],
    "SAMDRIFT_PROXY_COUNT": ["-1", "one"],
    "SAMDRIFT_TRUSTED_ORIGINS": ["desk.example.no", "https://desk.example.no/path"],
    "SAMDRIFT_HSTS_SECONDS": ["-1", "a year"],
    "SAMDRIFT_LOG_LEVEL": ["loud"],
    **{
        name: ["ja", "2", "maybe"]
        for name in ("SAMDRIFT_BEHIND_PROXY", "SAMDRIFT_SSL_REDIRECT", "SAMDRIFT_DEBUG")
    },
}  # fmt: skip


def variables_of_the_document() -> set[str]:
    """The first column of the table of settings in docs/operations.md."""
    text = (ROOT / "docs" / "operations.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


#: Between our own processes, and Django's own; no operator sets them.
INSIDE = {"SAMDRIFT_SUPERVISED", "SAMDRIFT_PART", "SAMDRIFT_TEST_SOCKET", "DJANGO_SETTINGS_MODULE", "PATH", "PYTHONPATH"}  # fmt: skip
READERS = {"str", "bool", "int", "json", "get", "getenv", "setdefault", "pop"}


@cache
def variables_of_the_code() -> frozenset[str]:
    """Names given to a reader of the environment anywhere in the program: env.str("X"), read_words("X"), os.environ["X"] …"""
    found: set[str] = set()
    for path in (
        ROOT / "manage.py",
        *(
            path
            for floor in ("cmdb", "monitoring", "sla", "servicedesk")
            for path in (ROOT / floor).rglob("*.py")
        ),
    ):
        text = path.read_text()
        if not re.search(r"environ|getenv|\benv\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and _reads(node.func) and node.args:
                found |= _name(node.args[0])
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
                found |= _name(node.slice)
        if path.name == "envfile.py":
            found.add(envfile.NAME)
    return frozenset(found - INSIDE)


def _reads(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in READERS and ast.unparse(function.value) in (
            "env",
            "os.environ",
            "environ",
            "os",
        )
    return isinstance(function, ast.Name) and (function.id.startswith("read_") or function.id == "required")


def _name(node: ast.expr) -> set[str]:
    name = node.value if isinstance(node, ast.Constant) else None
    return {name} if isinstance(name, str) and re.fullmatch(r"[A-Z][A-Z_]+", name) else set()
