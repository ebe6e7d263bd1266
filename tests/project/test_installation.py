"""docs/operations.md followed to the letter: its blocks as they stand, on a Debian in namespaces of its own.

Packages of Debian come from its own registry; the ones of Python and Node are those of this run (`make setup` is given them).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import ROOT
from tests.project.installation import drive

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
HERE = Path(drive.__file__).parent


def packages() -> list[str]:
    """What the document's first line asks of Debian."""
    [names] = re.findall(r"apt-get install --yes ([^\n&]+)", DOCUMENT)
    return str(names).split()


@pytest.mark.slow
@pytest.mark.xdist_group("installation")
def test_the_document_is_followed_to_the_letter(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("unshare"):
        pytest.skip("needs root on a Debian")
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces here")
    place = tmp_path / "machine"
    place.mkdir()
    venv, node = Path(sys.prefix).resolve(), (ROOT / "node_modules").resolve()
    done = subprocess.run(
        [*command, "bash", HERE / "namespace.sh", place, ROOT, venv, node, *packages()],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip(f"no Debian over this one: {done.stdout}{done.stderr}")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    for step in ("installed", "restored", "upgraded"):
        assert f"-- {step}: as it should be" in done.stdout
    assert "## the end" in done.stdout


def test_every_chapter_of_commands_has_its_blocks() -> None:
    for chapter in drive.CHAPTERS:
        assert drive.blocks(DOCUMENT, chapter), chapter
    assert "<" not in "".join(re.findall(r"<\w[\w ]*>", drive.script(DOCUMENT))), "no place left to fill in"


def test_settings_are_written_once(tmp_path: Path) -> None:
    target = tmp_path / "samdrift.env"
    command = [sys.executable, str(ROOT / "deploy" / "samdrift-settings"), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "samdrift" in done.stderr:
        assert "cannot be written" in done.stderr  # root, before the account is made
        assert not target.exists()
        return
    assert done.returncode == 0, done.stderr
    assert target.stat().st_mode & 0o007 == 0
    first = target.read_text()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr.strip() == f"{target} is there already and stays as it is."
    assert target.read_text() == first
    for name in ("SAMDRIFT_SECRET_KEY", "SAMDRIFT_ENCRYPTION_KEYS"):
        assert re.search(rf"^{name}=\S{{40,}}$", first, re.MULTILINE)


def test_the_proxys_example_is_understood_by_the_oldest_nginx() -> None:
    """Debian 12 has 1.22, which knows `http2` as a word of `listen` only."""
    assert not re.search(r"^\s*http2\s", (ROOT / "deploy" / "nginx.conf.example").read_text(), re.MULTILINE)
