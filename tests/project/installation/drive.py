"""drive.py SOURCES VENV NODE_MODULES, inside the machine: the document's blocks in one shell at a terminal, and what must hold in between."""

import fcntl
import os
import pty
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CHAPTERS = ("First installation in production", "Backup", "Restore", "Upgrade")
#: What a person answers at the terminal.
ANSWERS = {r"Password(?: \(again\))?: $": "et langt passord 42"}
#: After the first block: what Debian does at the end of an installation where systemd runs.
AFTER_PACKAGES = (
    "for one in postgresql redis-server nginx; do service $one status >/dev/null || service $one start; done"
)
CHECKS = {
    "First installation in production": "python3 /run/installation/checks.py installed",
    "Restore": "python3 /run/installation/checks.py restored",
    "Upgrade": "python3 /run/installation/checks.py upgraded; systemctl stop samdrift.target",
}


def blocks(text: str, chapter: str) -> list[str]:
    """The indented blocks of one chapter."""
    body = text.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", body, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in found if block.strip()]


def script(text: str) -> str:
    """All blocks, each announced."""
    lines = ["set -euo pipefail"]
    for chapter in CHAPTERS:
        parts = blocks(text, chapter)
        assert parts, f"{chapter} has no block"
        for number, block in enumerate(parts, start=1):
            lines += [f'printf "\\n## {chapter}, block {number} (after %s s)\\n" "$SECONDS"', block]
            if chapter == CHAPTERS[0] and number == 1:
                lines.append(AFTER_PACKAGES)
        lines.append(CHECKS.get(chapter, ""))
    return "\n".join([*lines, 'echo "## the end, after $SECONDS s"'])


def prepare(sources: str) -> None:
    """Loopback, and a place that the document's address of the sources stands for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sh", b"lo", 0x41)  # up and running
        fcntl.ioctl(door, 0x8914, request)
    copy = Path("/run/samdrift.git")
    copy.mkdir()
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=sources, capture_output=True, check=True,
    ).stdout.split(b"\0")  # fmt: skip
    there = b"\0".join(
        name for name in names if name and os.path.isfile(os.path.join(os.fsencode(sources), name))
    )
    pack = ["tar", "--create", "--null", "--files-from=-"]
    packed = subprocess.run(pack, cwd=sources, input=there, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", copy], input=packed, check=True)
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.no"]
    for command in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    settings = f'[url "{copy}"]\n insteadOf = https://git.example.no/samdrift.git\n'
    Path("/root/.gitconfig").write_text(settings)


def type_in(text: str, environment: dict[str, str]) -> int:
    """Run a script at a terminal of its own and answer what it asks; its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/bin/bash", ["bash", "-c", text], environment)
    said = ""
    while True:
        try:
            heard = os.read(terminal, 65536)
        except OSError:
            break
        if not heard:
            break
        sys.stdout.write(heard.decode(errors="replace"))
        sys.stdout.flush()
        said = (said + heard.decode(errors="replace"))[-500:]
        for question, answer in ANSWERS.items():
            if re.search(question, said):
                said = ""
                os.write(terminal, f"{answer}\n".encode())
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(sources: str, venv: str, node: str) -> int:
    """Prepare, type, answer the code."""
    prepare(sources)
    for stand_in in (HERE / "stand_ins").iterdir():
        stand_in.chmod(0o755)
    environment = {
        "PATH": f"{HERE}/stand_ins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
        "TERM": "dumb", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "STAND_IN_VENV": venv, "STAND_IN_NODE": node,
    }  # fmt: skip
    return type_in(script(Path(sources, "docs/operations.md").read_text()), environment)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
