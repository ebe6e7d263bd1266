"""checks.py STEP, inside the machine: what must hold after a chapter of the document."""

import grp
import json
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

SITE = "https://desk.example.no"
SETTINGS = Path("/etc/samdrift/samdrift.env")


def curl(path: str, *more: str) -> tuple[int, str]:
    """Status and body, through the proxy."""
    command = [
        "curl",
        "--silent",
        "--insecure",
        "--resolve",
        "desk.example.no:443:127.0.0.1",
        "--write-out",
        "\n%{http_code}",
    ]
    body, _, status = subprocess.run([*command, *more, SITE + path], capture_output=True, text=True, check=True).stdout.rpartition("\n")  # fmt: skip
    return int(status), body


def installed() -> None:
    """Pages and static files come through the proxy; figures stay inside; secrets are nobody else's."""
    status, page = curl("/accounts/login/")
    assert status == 200, page
    styles = re.findall(r'href="(/static/[^"]+\.css)"', page)
    assert styles
    for path in styles:
        assert curl(path)[0] == 200, path
    assert curl("/metrics")[0] == curl("/readyz")[0] == 403
    assert stat.S_IMODE(SETTINGS.stat().st_mode) == 0o640
    assert grp.getgrgid(SETTINGS.stat().st_gid).gr_name == "samdrift"
    text = SETTINGS.read_text()
    for name in ("SAMDRIFT_SECRET_KEY", "SAMDRIFT_ENCRYPTION_KEYS", "SAMDRIFT_METRICS_TOKEN"):
        [secret] = re.findall(rf"^{name}=(.+)$", text, re.MULTILINE)
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            assert secret not in entry.read_text(errors="replace"), f"{name} stands on a command line"
    assert not Path("/opt/samdrift/var").exists(), "nothing is written beside the sources"
    made = Path("/opt/samdrift/servicedesk/locale/nb/LC_MESSAGES/django.mo")
    assert made.stat().st_uid == 0, (
        "translations are made with the packages, by the account that owns the sources"
    )
    for unit in sorted(Path("/etc/systemd/system").glob("samdrift*")):
        verify(unit)
    sign_in()


def verify(unit: Path) -> None:
    name = str(unit).replace("@.", "@poll.")
    done = subprocess.run(["systemd-analyze", "verify", name], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "samdrift" in line]
    assert done.returncode == 0, f"{unit}: {done.stderr}"
    assert not said, said


def sign_in() -> None:
    """The account that the document made signs in and is shown the page of the first day."""
    jar = ["--cookie", "/run/jar", "--cookie-jar", "/run/jar", "--referer", f"{SITE}/accounts/login/"]
    Path("/run/jar").unlink(missing_ok=True)
    _, page = curl("/accounts/login/", *jar)
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[:1]
    words = {"csrfmiddlewaretoken": token, "login": "admin", "password": "et langt passord 42"}
    given = [word for key, value in words.items() for word in ("--data-urlencode", f"{key}={value}")]
    status, _ = curl("/accounts/login/", *jar, *given)
    assert status == 302, status
    status, page = curl("/", "--location", *jar)
    assert status == 200, status
    assert 'name="step" value="region"' in page


def restored() -> None:
    wait_until_ready()
    sign_in()
    backups = [json.loads(path.read_text()) for path in Path("/var/backups/samdrift").glob("*/manifest.json")]
    assert backups
    assert backups[0]["postgresql"] == backups[0]["tool"], "programs of the server's own version"
    for kept in Path("/var/backups/samdrift").glob("*/secrets/samdrift.env"):
        assert kept.read_text() == SETTINGS.read_text()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not Path("/var/lib/samdrift-trial").exists()


def upgraded() -> None:
    wait_until_ready()
    sign_in()
    assert len([*Path("/var/backups/samdrift").glob("*/manifest.json")]) == 2
    assert re.fullmatch(r"[0-9a-f]{40}\n", Path("/var/backups/samdrift/commit").read_text())


def wait_until_ready() -> None:
    for _ in range(60):
        done = subprocess.run(["curl", "--silent", "--fail", "http://127.0.0.1:8000/readyz"], capture_output=True, check=False)  # fmt: skip
        if done.returncode == 0:
            return
        time.sleep(1)
    raise AssertionError(subprocess.run(["curl", "--silent", "http://127.0.0.1:8000/readyz"], capture_output=True, check=False).stdout)  # fmt: skip


if __name__ == "__main__":
    {"installed": installed, "restored": restored, "upgraded": upgraded}[sys.argv[1]]()
    print(f"-- {sys.argv[1]}: as it should be")
