"""The file of settings is read as systemd reads it; compared with systemd itself where that is here."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from servicedesk.project import envfile
from tests.cluster import ROOT
from tests.project.sites import clean_environment

TEXT = r"""
# a comment, and one after a blank
  ; another = one
SAMDRIFT_EMAIL_FROM=Samdrift <samdrift@example.no>
HASH=a#b # no comment
 SPACED = out and in   
EMPTY=
DOUBLE="two words"
SINGLE='p$a"s\s #1'
ESCAPED="q\"q \\ \$x \n"
PLAIN=back\slash \"q\" $HOME ${HOME} `id`
GLUED='a' "b"c d
LONG=one \
two
TWICE=1
TWICE=2
LINES="one
two"
URL=postgres://samdrift:p%40s#w?x=1@127.0.0.1:5432/samdrift
"""  # noqa: W291 - blanks at the end of a line are part of it
WANTED = {
    "SAMDRIFT_EMAIL_FROM": "Samdrift <samdrift@example.no>",
    "HASH": "a#b # no comment",
    "SPACED": "out and in",
    "EMPTY": "",
    "DOUBLE": "two words",
    "SINGLE": r'p$a"s\s #1',
    "ESCAPED": r'q"q \ $x \n',
    "PLAIN": 'backslash "q" $HOME ${HOME} `id`',
    "GLUED": "abc d",
    "LONG": "one two",
    "TWICE": "2",
    "LINES": "one\ntwo",
    "URL": "postgres://samdrift:p%40s#w?x=1@127.0.0.1:5432/samdrift",
}


def test_every_form_of_a_value() -> None:
    assert envfile.parse(TEXT) == WANTED


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nhemmelig\n", 2),
        ('A=1\nB="hemmelig\n', 2),
        ("A='hemmelig", 1),
        ("1A=hemmelig", 1),
        ("export A=hemmelig", 1),
    ],
)
def test_a_line_that_is_none_is_refused_by_its_number(text: str, line: int) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"Line {line} of the file") as refusal:
        envfile.parse(text)
    assert "hemmelig" not in str(refusal.value)


def test_systemd_reads_the_same(tmp_path: Path) -> None:
    """Its own generator prints what it read; it needs no running systemd."""
    program = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
    if not program.exists():
        pytest.skip("no systemd here")
    folder = tmp_path / "environment.d"
    folder.mkdir()
    kept = [
        line for line in TEXT.splitlines() if "$" not in line
    ]  # environment.d expands, EnvironmentFile does not
    (folder / "x.conf").write_text("\n".join(kept) + "\n")
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    said = subprocess.run([program], env=environment, capture_output=True, text=True, check=False).stdout
    found = dict(word.split("=", 1) for word in shlex.split(said))
    told = {key for key in WANTED if key in found} - {"LINES"}  # printed with an \\n of its own
    assert len(told) > 6
    assert {key: found[key] for key in told} == {key: WANTED[key] for key in told}


def test_commands_read_it_and_the_environment_counts_more(tmp_path: Path) -> None:
    file = tmp_path / "samdrift.env"
    file.write_text(
        'SAMDRIFT_EMAIL_FROM="Samdrift <samdrift@example.no>"\nSAMDRIFT_METRICS_TOKEN=from file\n'
    )
    code = (
        "import sys, json; sys.argv = ['manage.py', 'check']; import manage; manage.main();"
        "from django.conf import settings as s; print(json.dumps([s.DEFAULT_FROM_EMAIL, s.SAMDRIFT_METRICS_TOKEN]))"
    )
    more = {
        "SAMDRIFT_ENV_FILE": str(file),
        "SAMDRIFT_VAR": str(tmp_path),
        "SAMDRIFT_METRICS_TOKEN": "from shell",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean_environment() | more, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == ["Samdrift <samdrift@example.no>", "from shell"], (
        done.stderr
    )


def test_the_wrapper_puts_nothing_on_a_command_line() -> None:
    wrapper = ROOT / "deploy" / "samdrift-manage"
    assert os.access(wrapper, os.X_OK)
    shell = shutil.which("sh") or "sh"
    assert subprocess.run([shell, "-n", wrapper], check=False).returncode == 0
    text = wrapper.read_text()
    assert "SAMDRIFT_ENV_FILE" in text
    assert "cat " not in text
    assert "grep " not in text
