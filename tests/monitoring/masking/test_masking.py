"""What may be a secret is masked, whatever it looks like; what is known to be harmless stays readable."""

import json
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from monitoring.masking import REMOVED, mask
from monitoring.simulation.configs import running_config
from monitoring.simulation.devices import BY_NAME
from tests.monitoring.masking.lines import HIDE, KEEP

#: Random, a plain word, digits, a hash, a sentence's word with a capital, letters of ours.
SECRETS = (
    "Zr4-mIlk_cArt8",
    "hemmelig",
    "48151623",
    "$9$q7Xw$Ab/9.zQ",
    "Vinterferie",
    "blåbærsyltetøy",
    "0822455D0A16",
)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "cases" / "watch" / "secrets.json"


def _cases(table: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    for platform, lines in table.items():
        parts = lines.strip("\n").replace("\\\\", "\\").split("\n")  # a doubled backslash is one
        found += [(platform, part.replace("\\n", "\n")) for part in parts]
    return found


@pytest.mark.parametrize(("platform", "line"), _cases(HIDE), ids=lambda v: str(v)[:60])
def test_no_secret_is_shown(platform: str, line: str) -> None:
    for secret in SECRETS:
        # "@@" is a secret before the @ of an address
        text = line.replace("@@", f"{secret}\x00").replace("@", secret).replace("\x00", "@")
        for known in (platform, "", "some_unknown_os"):
            shown = mask(text, known)
            assert secret not in shown
            assert REMOVED in shown
            assert mask(shown, known) == shown


@pytest.mark.parametrize("platform", KEEP)
def test_what_is_known_to_be_harmless_stays(platform: str) -> None:
    text = KEEP[platform]
    assert mask(text, platform).splitlines() == text.splitlines()


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        ("enable secret 9 $9$abc$def", "enable secret 9 <removed>"),
        ("enable secret hunter2", "enable secret <removed>"),
        ("enable password level 15 7 0822455D0A16", "enable password level 15 7 <removed>"),
        ("username drift privilege 15 secret 5 $1$x$y", "username drift privilege 15 secret 5 <removed>"),
        ("username anne password 0 hemmelig", "username anne password 0 <removed>"),
        ("snmp-server community hemmelig RO 10", "snmp-server community <removed> RO 10"),
        ("snmp-server host 192.0.2.1 version 2c hemmelig", "snmp-server host 192.0.2.1 version 2c <removed>"),
        ("snmp-server host 192.0.2.1 hemmelig", "snmp-server host 192.0.2.1 <removed>"),
        (
            "snmp-server user p g v3 auth sha nøkkel-1 priv aes 128 nøkkel-2",
            "snmp-server user p g v3 auth sha <removed> priv aes 128 <removed>",
        ),
        ("crypto isakmp key hemmelig address 192.0.2.9", "crypto isakmp key <removed> address 192.0.2.9"),
        ("radius-server host 192.0.2.3 key 7 13061E010803", "radius-server host 192.0.2.3 key 7 <removed>"),
        ("tacacs-server key hemmelig", "tacacs-server key <removed>"),
        (" key 7 13061E010803", " key 7 <removed>"),
        (" password 7 13061E010803", " password 7 <removed>"),
        (" wpa-psk ascii 0 hemmelig-nett", " wpa-psk ascii 0 <removed>"),
        (" key-string 7 070C285F4D06", " key-string 7 <removed>"),
    ],
)
def test_secrets_are_taken_out(line: str, redacted: str) -> None:
    config = f"hostname a\n{line}\nend\n"
    once = mask(config)
    assert once == f"hostname a\n{redacted}\nend\n"
    assert mask(once) == once


@pytest.mark.parametrize(
    "line",
    [
        "service password-encryption", "ip ssh version 2", "key chain ospf", " key 1", "line vty 0 4",
        " description password reset kiosk in hall", "snmp-server location kjelleren", "hostname secret-agent",
        "aaa authentication login default local", "snmp-server host 192.0.2.1 traps version 2c <removed>",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(line: str) -> None:
    assert mask(f"a\n{line}\nb\n") == f"a\n{line}\nb\n"


def test_no_secret_of_a_simulated_device_is_left() -> None:
    clean = mask(running_config(BY_NAME["fjordvik-rh-sw1"]))
    assert "invented.for.the.demonstration" not in clean
    assert "samdrift-demo" not in clean
    assert clean.count("<removed>") == 3


def test_a_name_is_a_secret_only_among_communities() -> None:
    policy = 'config firewall policy\n    edit 1\n        set name "skole"\n    next\nend\n'
    community = 'config system snmp community\n    edit 1\n        set name "skole"\n    next\nend\n'
    assert mask(policy, "fortinet") == policy
    assert "skole" not in mask(community, "fortinet")
    assert mask(community + policy, "fortinet").endswith(policy)


def test_a_key_over_many_lines_goes_whole() -> None:
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd==\n-----END RSA PRIVATE KEY-----\nend\n"
    assert mask(block) == f"-----BEGIN RSA PRIVATE KEY-----\n{REMOVED}\n-----END RSA PRIVATE KEY-----\nend\n"


def test_what_follows_a_key_is_shown() -> None:
    text = 'edit "x"\n    set private-key "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"\n    set vdom "root"\n'
    assert mask(text, "fortinet").endswith('    set vdom "root"\n')


@pytest.mark.parametrize(
    "text", ["", "\n", "\x00\x01", '"' * 20_000, "a=" * 50_000, "password " * 20_000, "<a>" * 20_000, "x" * 400_000, ("$1$" + "a" * 50) * 5_000],
    ids=["empty", "newline", "control", "quotes", "equals", "passwords", "tags", "one word", "hashes"],
)  # fmt: skip
def test_made_up_text_costs_no_time(text: str) -> None:
    begun = time.monotonic()
    mask(text)
    assert time.monotonic() - begun < 3


def test_the_command_reads_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sw1.cfg"
    path.write_bytes("hostname Blåbær\nenable secret hemmelig\n".encode("latin-1"))
    out = StringIO()
    call_command("mask_config", "--platform", "cisco_ios", str(path), stdout=out)
    assert out.getvalue() == f"hostname Blåbær\nenable secret {REMOVED}\n"


@pytest.mark.skipif(not SHARED.exists(), reason="the collected cases are not beside the project")
def test_collected_cases() -> None:
    cases = json.loads(SHARED.read_text())
    for case in cases["hide"]:
        assert case["secret"] not in mask(case["text"], case["platform"]), case
    for line in cases["keep"]:
        assert mask(line, "cisco_ios") == line
