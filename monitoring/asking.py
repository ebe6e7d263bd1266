"""From a target's row to what monitoring/snmp asks: address, port, secret. A wrong row is a sentence, not an exception of the round."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, cast

from cmdb.common.secrets import SecretUnreadableError
from monitoring.egress import Found, RefusedError
from monitoring.egress.rules import Road, Rules
from monitoring.models import Credential, CredentialKind, Target
from monitoring.snmp import Endpoint, SnmpAuth

TIMEOUT: Final = 1.0
RETRIES: Final = 1

AUTH_NAMES: Final = {
    "MD5": "MD5",
    "SHA": "SHA1",
    "SHA1": "SHA1",
    "SHA-1": "SHA1",
    "SHA256": "SHA256",
    "SHA-256": "SHA256",
}
PRIV_NAMES: Final = {"DES": "DES", "AES": "AES128", "AES128": "AES128", "AES-128": "AES128"}


class UnaskableError(ValueError):
    """Why a target cannot be asked; the text is for the technician and holds no secret."""


def load_credentials(pks: Iterable[int] | None = None) -> dict[int, Credential]:
    """Credentials by id (all: None) with their secrets, each decrypted once. One whose key is lost has the secret None:
    its targets say so, and all others are asked as ever."""
    rows = Credential.objects.defer("secret")
    found = rows.in_bulk() if pks is None else rows.in_bulk(list(pks))
    for credential in found.values():
        try:
            _ = credential.secret
        except SecretUnreadableError:
            credential.secret = None
    return found


def auth_of(credential: Credential | None) -> SnmpAuth:
    """How to ask with `credential`; UnaskableError where it cannot be used for SNMP."""
    if credential is None:
        raise UnaskableError("it has no credential")
    secret = credential.secret
    if not isinstance(secret, Mapping):
        raise UnaskableError("its credential is empty, or its key is lost")
    try:
        if credential.kind == CredentialKind.SNMP_V2C:
            return SnmpAuth.v2c(str(secret.get("community", "")))
        if credential.kind == CredentialKind.SNMP_V3:
            return _v3(secret)
    except ValueError as error:
        raise UnaskableError(str(error)) from None
    raise UnaskableError("its credential is not for SNMP")


def _v3(secret: Mapping[str, Any]) -> SnmpAuth:
    auth, priv = (str(secret.get(f"{part}_protocol", "") or "").upper() for part in ("auth", "priv"))
    if auth and auth not in AUTH_NAMES:
        raise UnaskableError("its credential names an authentication protocol that we do not speak")
    if priv and priv not in PRIV_NAMES:
        raise UnaskableError("its credential names a privacy protocol that we do not speak")
    return SnmpAuth.v3(
        str(secret.get("user", "")),
        cast(Literal["", "MD5", "SHA1", "SHA256"], AUTH_NAMES.get(auth, "")),
        str(secret.get("auth_key", "") or ""),
        cast(Literal["", "DES", "AES128"], PRIV_NAMES.get(priv, "")),
        str(secret.get("priv_key", "") or ""),
    )


def endpoint_of(target: Target, rules: Rules, found: Found) -> Endpoint:
    """Where and how to ask; UnaskableError where it cannot be, or the rules of egress forbid it."""
    auth = auth_of(target.credential)
    try:
        return Endpoint(rules.way(Road.of(target), found), auth, target.port, TIMEOUT, RETRIES)
    except RefusedError as refused:
        raise UnaskableError(str(refused)) from None
