"""What the variables are for: mail, broker, cache and database take what the settings made of them."""

import base64
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.core.cache import CacheHandler
from django.core.mail import EmailMessage, get_connection
from django.test import override_settings
from kombu.exceptions import OperationalError

from tests.project.variables import PRODUCTION, TAKEN, Read


class MailServer(threading.Thread):
    """One SMTP conversation on loopback, written down."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.said: list[str] = []

    def run(self) -> None:
        visitor, _ = self.door.accept()
        with visitor, visitor.makefile("rwb", buffering=0) as line:
            line.write(b"220 desk\r\n")
            in_letter = False
            while heard := line.readline().decode():
                word = heard.rstrip("\r\n")
                self.said.append(word)
                answer = "250 ok"
                if in_letter:
                    in_letter = word != "."
                    if in_letter:
                        continue
                elif word.startswith("ehlo"):
                    answer = "250-desk\r\n250 AUTH PLAIN"
                elif word.startswith("AUTH"):
                    answer = "235 welcome"
                elif word == "data":
                    in_letter, answer = True, "354 go on"
                elif word == "quit":
                    answer = "221 bye"
                line.write(f"{answer}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.door.close()


def test_a_letter_leaves_by_the_server_with_the_password_as_it_was_meant(
    read: Read, mail_server: MailServer
) -> None:
    value = read({"SAMDRIFT_EMAIL_URL": f"smtp://desk@example.no:p@s#w%25d@127.0.0.1:{mail_server.port}"})
    with override_settings(**{key: text for key, text in value.items() if key.startswith("EMAIL_")}):
        assert EmailMessage("Sak", "Hei", to=["kari@example.no"], connection=get_connection()).send() == 1
    [login] = [word for word in mail_server.said if word.startswith("AUTH PLAIN ")]
    assert base64.b64decode(login.split()[2]) == b"\0desk@example.no\0p@s#w%d"


@pytest.mark.parametrize(
    "address", ["smtp+tls://u:p@127.0.0.1", "smtp+ssl://u:p@127.0.0.1", "filemail:///tmp"]
)
def test_djangos_mail_takes_the_settings(read: Read, address: str) -> None:
    value = read({"SAMDRIFT_EMAIL_URL": address})
    with override_settings(**{key: text for key, text in value.items() if key.startswith("EMAIL_")}):
        connection = get_connection()
    assert getattr(connection, "use_tls", None) is (None if "file" in address else "tls" in address)


@pytest.mark.parametrize("address", [value for value in TAKEN["CELERY_BROKER_URL"][1] if value])
def test_celery_takes_the_broker(read: Read, address: str) -> None:
    value = read({"CELERY_BROKER_URL": address})
    app = Celery("test", broker=value["CELERY_BROKER_URL"])
    app.conf.broker_transport_options = value["CELERY_BROKER_TRANSPORT_OPTIONS"]
    with app.connection_for_write() as connection:
        assert connection.transport.driver_type
        if address.startswith("amqps"):
            assert connection.password == "p@ss#w?rd"


@pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp", "amqps"])
def test_a_broker_that_is_away_is_told_as_such(read: Read, scheme: str) -> None:
    """Options of one kind of broker do not break another: it comes as far as the network."""
    value = read({"CELERY_BROKER_URL": f"{scheme}://u:p@127.0.0.1:1/0"})
    app = Celery("test", broker=value["CELERY_BROKER_URL"])
    app.conf.broker_transport_options = value["CELERY_BROKER_TRANSPORT_OPTIONS"]
    with (
        app.connection_for_write(connect_timeout=1) as connection,
        pytest.raises(OperationalError, match="refused"),
    ):
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)


@pytest.mark.parametrize("address", list(TAKEN["SAMDRIFT_CACHE_URL"][1]))
def test_django_takes_the_cache(read: Read, address: str) -> None:
    cache = CacheHandler(read({"SAMDRIFT_CACHE_URL": address})["CACHES"])["default"]
    if address:
        assert cache._cache.get_client() is not None  # type: ignore[attr-defined]
    else:
        cache.set("a", 1)
        assert cache.get("a") == 1


@pytest.mark.parametrize("address", list(TAKEN["DATABASE_URL"][1]))
def test_django_takes_the_database(read: Read, address: str) -> None:
    from django.db.backends.postgresql.base import DatabaseWrapper
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    at = read(PRODUCTION | {"DATABASE_URL": address})["DATABASES"]["default"]
    defaults: dict[str, Any] = {"TIME_ZONE": None, "TEST": {}, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0}
    given = DatabaseWrapper(defaults | at).get_connection_params()
    known = {
        key: given[key] for key in ("host", "port", "user", "password", "dbname", "sslmode") if key in given
    }
    assert conninfo_to_dict(make_conninfo(**known))["dbname"] == given["dbname"]
