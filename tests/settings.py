"""Settings of the test suite: a state folder of its own, cheap passwords, unhashed static names, mail in memory.

tests/conftest.py starts the database and says where it listens (`SAMDRIFT_TEST_SOCKET`); processes that a test
starts inherit both names and use the same database server.
"""

import os
import tempfile
from pathlib import Path

for _name in [
    name for name in os.environ if name.startswith("SAMDRIFT_") and not name.startswith("SAMDRIFT_TEST_")
]:
    del os.environ[_name]  # an operator's settings must not change what the tests see
os.environ["SAMDRIFT_ENV"] = "test"
_state = os.environ.get("SAMDRIFT_TEST_STATE") or tempfile.mkdtemp(prefix="samdrift-test-")
os.environ["SAMDRIFT_TEST_STATE"] = _state
os.environ["SAMDRIFT_VAR"] = str(Path(_state) / os.environ.get("PYTEST_XDIST_WORKER", "main"))

from servicedesk.project.settings import *  # noqa: E402, F403
from servicedesk.project.settings import DATABASES, STORAGES  # noqa: E402

if _socket := os.environ.get("SAMDRIFT_TEST_SOCKET"):
    DATABASES["default"]["HOST"] = _socket
if _database := os.environ.get("SAMDRIFT_TEST_DATABASE"):
    DATABASES["default"]["NAME"] = _database
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False  # type: ignore[no-redef]
# Sentences are compared in the language they are written in; the browser's tests ask for Bokmål by themselves.
LANGUAGE_CODE = "en"
# All devices of the tests are simulated; the tests of egress switch this off.
SAMDRIFT_EGRESS_SIMULATED = ["127.0.0.0/8"]
