"""The one door into the audit log.

`record` writes in the caller's transaction and raises what the database raises: an act whose row cannot be written
does not happen either. Sign-in and export are requests of their own; they end in an error page then.
"""

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.core.cache import cache
from django.db import models

from cmdb.common import caller, trace
from cmdb.common.secrets import Secret
from cmdb.models.audit import AuditEntry, AuditKind
from cmdb.models.organisations import Organisation
from cmdb.models.people import User

TEXT: Final = 200
SELDOM: Final = 300
_HIDDEN: Final = re.compile(
    r"pass|secret|token|communit|digest|auth_key|priv_key|private|credential_value", re.IGNORECASE
)
_ACCOUNT: Final = re.compile(r"[\w.@+-]{1,60}")


def record(
    kind: AuditKind,
    about: models.Model | type[models.Model] | None = None,
    *,
    actor: User | None = None,
    name: str = "",
    organisation: Organisation | int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `kind` happened to `about`.

    `about` is a row, or a model where a whole list is meant. `actor` is the person of the request unless given; `name`
    stands where there is no person (a name that was tried, a part of the system). `organisation` is whose administrators read it: by itself that of `about`, else the actor's.
    """
    now = caller.current()
    if actor is None and now is not None and not name:
        person: Any = getattr(now.request, "user", None)
        actor = person if person is not None and person.is_authenticated else None
    key = organisation.pk if isinstance(organisation, Organisation) else organisation
    row = about if isinstance(about, models.Model) else None
    return AuditEntry.objects.create(
        kind=kind,
        actor_id=actor.pk if actor is not None else None,
        actor_name=safe(name or (str(actor) if actor is not None else _program(now)), 150),
        address=(now.address or None) if now is not None else None,
        request_id=trace.current()[:40],
        object_type=about._meta.label_lower if about is not None else "",
        object_id="" if row is None or row.pk is None else str(row.pk),
        object_name=safe(_named(about), TEXT) if about is not None else "",
        organisation_id=key or _owner(row) or (actor.organisation_id if actor is not None else None),
        detail=_plain(detail or {}),
    )


def seldom(kind: AuditKind, about: models.Model | None = None, *, name: str = "") -> None:
    """`record`, once in five minutes for an address, kind and name: what a stranger can repeat at will fills no disk."""
    now = caller.current()
    key = f"{kind}:{now.address if now is not None else ''}:{name.lower()}"
    if cache.add(f"audit:{hashlib.sha256(key.encode()).hexdigest()}", 1, SELDOM):
        record(kind, about, name=name)


def tried(name: str) -> str:
    """A name that somebody tried to sign in with; what can be no name may be a password in the wrong field."""
    return name if _ACCOUNT.fullmatch(name) else f"({len(name)})"


def safe(text: str, most: int) -> str:
    """One line without control and direction characters, at most `most` long."""
    shown = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs") else sign for sign in text
    )
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _named(about: models.Model | type[models.Model]) -> str:
    return str(about) if isinstance(about, models.Model) else str(about._meta.verbose_name_plural)


def _owner(about: models.Model | None) -> int | None:
    """Whose it is; a person's home, an organisation itself."""
    if isinstance(about, Organisation):
        return about.pk
    found: int | None = getattr(about, "organisation_id", None)
    return found


def _program(now: caller.Caller | None) -> str:
    """Who acts where nobody is signed in: a visitor, or the command that runs."""
    if now is not None:
        return "–"
    name = Path(sys.argv[0]).name
    return " ".join([name, *sys.argv[1:2]]) if name == "manage.py" else "system"


def _plain(value: Any) -> Any:
    """What JSON can hold, cut; whatever is named like a secret, or is one, is left out."""
    if isinstance(value, Mapping):
        return {
            safe(str(key), 60): "…" if _HIDDEN.search(str(key)) else _plain(one) for key, one in value.items()
        }
    if isinstance(value, Secret):
        return "…"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in list(value)[:50]]
    return safe(str(value), TEXT)
