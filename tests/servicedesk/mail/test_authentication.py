"""What the named mail server found counts, and nothing that came with the mail."""

from __future__ import annotations

import pytest

from servicedesk.mail import authentication
from servicedesk.mail.authentication import FAIL, NONE, PASS, UNCHECKED, aligned, judge, parse

US = "mx.region.example"
FROM = "kari@granli.kommune.no"
RECEIVED = ("Received", "from outside.example by mx.region.example; Mon, 5 Oct 2026 08:12:00 +0200")


def said(*values: str, server: str = US) -> list[tuple[str, str]]:
    """Fields as `server` writes them above the mail."""
    return [("Authentication-Results", f"{server}; {value}") for value in values]


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("dmarc=pass header.from=granli.kommune.no", PASS),
        ("DMARC=Pass (p=REJECT sp=NONE) Header.From=GRANLI.kommune.no", PASS),
        ("dmarc=fail header.from=granli.kommune.no", FAIL),
        ("dmarc=fail (p=none dis=none) header.from=granli.kommune.no", FAIL),
        ("dmarc=quarantine header.from=granli.kommune.no", FAIL),
        (
            "spf=pass smtp.mailfrom=x@granli.kommune.no; dkim=pass header.d=granli.kommune.no; dmarc=fail",
            FAIL,
        ),
        # a word about another domain than the one in From is none about this mail
        ("dmarc=pass header.from=evil.example", FAIL),
        ("dmarc=pass header.from=vassoy.kommune.no", FAIL),
        # DMARC has nothing to say: whose SPF or DKIM passed
        ("spf=pass smtp.mailfrom=kari@granli.kommune.no; dmarc=none header.from=granli.kommune.no", PASS),
        ("spf=pass smtp.mailfrom=bounces.granli.kommune.no; dmarc=none", PASS),
        ("spf=pass smtp.mailfrom=x@evil.example; dmarc=none header.from=granli.kommune.no", FAIL),
        # kommune.no is nobody's own domain: a neighbour's pass does not speak for this one
        ("spf=pass smtp.mailfrom=x@vassoy.kommune.no; dmarc=none", FAIL),
        ("spf=pass smtp.mailfrom=x@granli.kommune.no.evil.example", FAIL),
        ("spf=pass smtp.mailfrom=x@evilgranli.kommune.no", FAIL),
        ("spf=fail smtp.mailfrom=x@granli.kommune.no", FAIL),
        ("spf=softfail smtp.mailfrom=x@granli.kommune.no; dmarc=temperror", FAIL),
        ("spf=fail smtp.mailfrom=x@l.example; dkim=pass header.d=granli.kommune.no", PASS),
        ("dkim=pass header.i=@mail.granli.kommune.no header.s=a header.b=abc; dmarc=permerror", PASS),
        ("dkim=pass header.d=evil.example; spf=none", NONE),
        ("dkim=fail header.d=granli.kommune.no; spf=neutral smtp.mailfrom=granli.kommune.no", NONE),
        ("dkim=pass header.d=evil.example; dkim=pass header.d=granli.kommune.no", PASS),
        ("auth=pass (PLAIN) smtp.auth=kari@granli.kommune.no", PASS),
        ("auth=pass smtp.auth=kari@evil.example", NONE),
        ("spf=pass smtp.helo=granli.kommune.no; dmarc=none", NONE),
        ("dmarc=none; spf=none; dkim=none", NONE),
        ("dmarc=bestguesspass; spf=pass smtp.mailfrom=granli.kommune.no", PASS),
        ("iprev=pass policy.iprev=192.0.2.1", NONE),
        ("none", NONE),
        ("", NONE),
        # one field that says two things is not believed
        ("dmarc=pass header.from=granli.kommune.no; dmarc=fail header.from=granli.kommune.no", FAIL),
    ],
)
def test_what_the_server_says(result: str, state: str) -> None:
    assert judge(said(result), FROM, [US]).state == state


@pytest.mark.parametrize(
    ("headers", "state"),
    [
        # methods in fields of their own
        (said("dmarc=none", "dkim=pass header.d=granli.kommune.no", "spf=none"), PASS),
        (said("spf=pass smtp.mailfrom=evil.example", "dmarc=pass header.from=granli.kommune.no"), PASS),
        # below the line that says from whom it came, in any order, the sender writes
        ([*said("dmarc=fail"), RECEIVED, *said("dmarc=pass")], FAIL),
        ([*said("dmarc=fail", "dmarc=pass")], FAIL),
        ([*said("spf=fail smtp.mailfrom=evil.example"), RECEIVED, *said("dkim=pass header.d=granli.kommune.no")], FAIL),
        ([RECEIVED, *said("dmarc=fail"), *said("dmarc=pass")], FAIL),
        # nor is what stands among the writer's own fields
        ([*said("spf=fail smtp.mailfrom=evil.example"), ("From", FROM), *said("dmarc=pass")], FAIL),
        ([*said("spf=softfail smtp.mailfrom=evil.example"), ("Message-ID", "<x>"), *said("dmarc=pass")], FAIL),
        # some servers put theirs below all others
        ([("From", FROM), ("Subject", "x"), *said("dmarc=pass header.from=granli.kommune.no")], PASS),
        ([*said("none"), *said("dmarc=pass")], NONE),
        # other servers' words are not ours
        (said("dmarc=pass", server="mx.evil.example"), NONE),
        (said("dmarc=pass", server="mx.region.example.evil.example"), NONE),
        ([*said("dmarc=pass", server="evil"), *said("dmarc=fail")], FAIL),
        ([("ARC-Authentication-Results", f"i=1; {US}; dmarc=pass")], NONE),
        ([("X-Authentication-Results", f"{US}; dmarc=pass")], NONE),
        # Exchange Online leaves the server's name away: anybody's word
        ([("Authentication-Results", "dmarc=pass header.from=granli.kommune.no")], NONE),
        ([("Authentication-Results", "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=granli.kommune.no; dkim=pass header.d=granli.kommune.no;dmarc=pass action=none header.from=granli.kommune.no;compauth=pass reason=100")], NONE),
        ([("Authentication-Results", "dmarc=fail"), *said("spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=x; dkim=none;dmarc=pass action=none\r\n header.from=granli.kommune.no;compauth=pass reason=100")], PASS),
        ([("Authentication-Results", f"({US}) mx.evil.example; dmarc=pass header.from=granli.kommune.no")], NONE),
        ([("Authentication-Results", f'"{US}"; dmarc=pass header.from=granli.kommune.no')], PASS),
        ([("Authentication-Results", f"{US} dmarc=pass header.from=granli.kommune.no")], NONE),
        ([("Authentication_Results", f"{US}; dmarc=pass header.from=granli.kommune.no")], NONE),
        ([("X-Authentication-Results", f"{US}; dmarc=pass"), *said("spf=fail smtp.mailfrom=granli.kommune.no")], FAIL),
        ([], NONE),
        (said("dmarc=pass header.from=granli.kommune.no", server="MX.Region.Example 1"), PASS),
        ([("AUTHENTICATION-RESULTS", f"\r\n\t{US}\r\n\t1;\r\n dmarc\r\n = pass\r\n header.from\r\n=granli.kommune.no")], PASS),
    ],
)  # fmt: skip
def test_whose_word_it_is(headers: list[tuple[str, str]], state: str) -> None:
    assert judge(headers, FROM, [US]).state == state


def test_without_a_named_server_nothing_is_checked() -> None:
    assert judge(said("dmarc=pass"), FROM, []).state == UNCHECKED
    assert judge(said("dmarc=pass"), FROM, ["", " "]).state == UNCHECKED


def test_two_servers_may_be_named() -> None:
    assert judge(said("dmarc=pass", server="mx2"), FROM, ["mx1", "mx2"]).state == PASS


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('mx (a "comment; dmarc=pass) 1; spf=fail', [("spf", "fail")]),
        ("mx (nested (dmarc=pass;) still); spf=fail (why; dmarc=pass)", [("spf", "fail")]),
        (r"mx (escaped \) dmarc=pass;); spf=fail", [("spf", "fail")]),
        ('mx; spf=fail reason="no; dmarc=pass" smtp.mailfrom=a', [("spf", "fail")]),
        (r'mx; spf=fail smtp.mailfrom="a\"; dmarc=pass"@evil.example', [("spf", "fail")]),
        ("mx; dkim/1=pass header.d=a; x", [("dkim", "pass")]),
        ("mx; spf=fail (never closed; dmarc=pass", [("spf", "fail")]),
        ('"mx"; spf="fail"', [("spf", "fail")]),
    ],
)
def test_comments_and_quotes_hide_nothing_and_make_nothing(value: str, found: list[tuple[str, str]]) -> None:
    server, results = parse(value)
    assert server == "mx"
    assert [(one.method, one.value) for one in results] == found


def test_properties_keep_their_blanks() -> None:
    _server, (one,) = parse('mx; spf=pass smtp . mailfrom="Kari Eng"@granli.kommune.no')
    assert one.about == {"smtp.mailfrom": "kari eng@granli.kommune.no"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.granli.kommune.no", "granli.kommune.no", True),
        ("granli.kommune.no", "vassoy.kommune.no", False),
        ("kommune.no", "granli.kommune.no", False),
        ("example.no", "other.no", False),
        ("GRANLI.example.", "granli.example", True),
        ("vassøy.no", "xn--vassy-yua.no", True),
        ("", "", False),
        ("", "granli.example", False),
    ],
)
def test_whose_domain(one: str, other: str, same: bool) -> None:
    assert aligned(one, other) is same


@pytest.mark.parametrize(
    "value", ["(" * 30_000, '"' * 30_001, "mx;" + "a=b;" * 9_000, "\\" * 9_999, "mx; " + "a . " * 9_000]
)
def test_made_up_fields_do_not_take_long(value: str) -> None:
    assert judge([("Authentication-Results", value)] * 20, FROM, ["mx"]).state in (NONE, FAIL)


def test_no_domain_in_from_is_nobody() -> None:
    assert authentication.judge(said("dmarc=pass"), "", [US]).state == FAIL
