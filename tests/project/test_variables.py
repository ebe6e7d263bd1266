"""Every variable of the environment: each documented value is taken, each wrong one refused by name, and the document is whole."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.cluster import ROOT
from tests.project.variables import (
    FILE,
    PRODUCTION,
    REFUSED,
    TAKEN,
    Read,
    variables_of_the_code,
    variables_of_the_document,
)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, cases) in TAKEN.items() for value in cases]
)
def test_a_documented_value_is_taken(name: str, value: str, read: Read, tmp_path: Path) -> None:
    look, cases = TAKEN[name]
    (tmp_path / "settings").write_text("SAMDRIFT_METRICS_TOKEN=a b\n")
    stands_for = {
        FILE: str(tmp_path / "settings"),
        "": str(tmp_path / "new") if name == "SAMDRIFT_VAR" else "",
    }
    variables = PRODUCTION | {name: stands_for.get(value, value)}
    assert look(read(variables)) == cases[value]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_a_wrong_value_is_refused_by_a_sentence_that_names_the_variable(
    name: str, value: str, read: Read
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(PRODUCTION | {name: value})
    assert re.search(rf"\bset ({name}|it) to\b|\bwrite .* of {name}", str(refusal.value), re.IGNORECASE)
    assert "hemmelig" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_variable_is_tried() -> None:
    assert set(TAKEN) == variables_of_the_document()
    free_text = {"SAMDRIFT_METRICS_TOKEN"}
    assert set(REFUSED) | free_text == variables_of_the_document()


def test_the_document_names_what_the_code_reads_and_nothing_else() -> None:
    assert variables_of_the_document() == variables_of_the_code()


def test_what_outsiders_rely_on_is_documented() -> None:
    """The names that other people's scripts set."""
    promised = {
        *("SAMDRIFT_ENV", "SAMDRIFT_SECRET_KEY", "SAMDRIFT_ALLOWED_HOSTS", "SAMDRIFT_VAR", "DATABASE_URL"),
        *("CELERY_BROKER_URL", "SAMDRIFT_EMAIL_URL", "SAMDRIFT_IMAP_URL", "SAMDRIFT_TRAP_PORT"),
        "SAMDRIFT_ENCRYPTION_KEYS",
    }
    assert promised <= variables_of_the_document()


def test_the_example_environment_names_documented_variables_only() -> None:
    example = (ROOT / "deploy" / "samdrift.env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert named <= variables_of_the_document()
