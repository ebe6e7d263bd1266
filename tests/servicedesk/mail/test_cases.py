"""Inputs that went wrong elsewhere, with the right answer, where a folder of them lies beside the project."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from cmdb.models import User
from servicedesk.intake.mail import acting
from servicedesk.models import FormAddress
from tests.cases import build
from tests.cluster import ROOT

FOLDER = Path(os.environ.get("TEST_CASES") or ROOT.parent / "shared" / "data" / "cases") / "mail"
CASES: dict[str, dict[str, Any]] = (
    json.loads((FOLDER / "cases.json").read_text()) if (FOLDER / "cases.json").exists() else {}
)


def words(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def faults(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What differs from the right answer."""
    names = [file["name"] for file in found["files"]]
    holds: dict[str, bool] = {
        name: found[name] == wanted[name] for name in ("outcome", "reason", "reporter") if name in wanted
    }
    holds |= {
        "files": len(names) == wanted.get("files", len(names)),
        "text_has": all(word in found["text"] for word in words(wanted.get("text_has", []))),
        "text_lacks": not any(word in found["text"] for word in words(wanted.get("text_lacks", []))),
        "title_lacks": not any(word in found["title"] for word in words(wanted.get("title_lacks", []))),
        "file_name_has": all(
            word in name for word in words(wanted.get("file_name_has", [])) for name in names
        ),
    }
    return [name for name, right in holds.items() if not right]


@pytest.mark.skipif(not CASES, reason="no folder of cases beside the project")
@pytest.mark.django_db
def test_every_case_has_its_right_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    region = build()
    monkeypatch.setattr(acting, "MOST_AN_HOUR", 10 * len(CASES))  # they all come from one person
    people = {"reporter@fjordvik.example": region.own, "technician@fjordregionen.example": region.technician}
    for address, user in people.items():
        User.objects.filter(pk=user.pk).update(email=address)
    FormAddress.objects.create(address="skjema@fjordvik.example", organisation=region.here)
    out = io.StringIO()
    with override_settings(SAMDRIFT_MAIL_AUTHSERV=["mx.fjordregionen.example"]):
        call_command("receive_mail", *(str(FOLDER / f"{name}.eml") for name in CASES), stdout=out)
    found = json.loads(out.getvalue())
    assert len(found) == len(CASES)
    wrong = {
        name: (bad, got) for (name, wanted), got in zip(CASES.items(), found, strict=True) if (bad := faults(got, wanted))
    }  # fmt: skip
    assert wrong == {}
