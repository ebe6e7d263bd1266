"""One line of a configuration, masked by its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from monitoring.masking import words as known
from monitoring.masking.shapes import REMOVED, bare, is_address, is_number, looks_random

#: A word; quotation marks hold it together. No alternative can match what another one did, so time grows with length only.
_WORD: Final = re.compile(r'[^\s"]*"(?:[^"\\]|\\.)*"?[^\s"]*|\S+')
_NAME: Final = re.compile(r'"?[\w.-]{1,80}"?')
_PUNCTUATION: Final = re.compile(r"^(?P<front>[({\[]*)(?P<middle>.*?)(?P<end>[;,)}\]]*)$", re.DOTALL)
_USERINFO: Final = re.compile(r"(?P<keep>(?<![\w+.-])[A-Za-z][\w+.-]*://[^\s/:@]*:)[^\s@]+(?=@)")
_QUERY: Final = re.compile(r"(?P<name>[?&][\w-]+)=[^&\s\"']+")
_ELEMENT: Final = re.compile(r"<(?P<name>[\w:.-]+)(?P<rest>[^<>]*)>(?P<value>[^<>]+)</(?P=name)>")
_JSON: Final = re.compile(r'"(?P<name>[\w .-]+)"(?P<gap>\s*:\s*)"(?P<value>(?:[^"\\]|\\.)*)"')
_SECRET_DATA: Final = re.compile(r"SECRET-DATA\b")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_HOST: Final = re.compile(
    r"(?:no )?snmp-server (?:host|trap-server|target-host|trap-host|notify-host)\b", re.IGNORECASE
)
_HOST_WORDS: Final = frozenset(
    [
        "traps",
        "trap",
        "informs",
        "inform",
        "version",
        "1",
        "2c",
        "3",
        "v1",
        "v2c",
        "v3",
        "auth",
        "noauth",
        "priv",
        "vrf",
        "use-vrf",
        "udp-port",
        "port",
        "poll",
        "trap-level",
        "none",
        "all",
        "critical",
        "debug",
        "not-info",
        "inside",
        "outside",
        "management",
        "mgmt",
        "dmz",
        "source-interface",
        "filter-vrf",
        "mgmt-port",
        "type",
        "notify",
        "timeout",
        "retries",
    ]
)
_HOST_NAMES: Final = frozenset(
    [
        "vrf",
        "use-vrf",
        "udp-port",
        "port",
        "trap-level",
        "source-interface",
        "filter-vrf",
        "timeout",
        "retries",
    ]
)
#: Commands whose secret has no word before it, and how many words in it stands.
_POSITIONS: Final = (
    (re.compile(r"create account (?:admin|user|lawful-intercept) \S+ (?!encrypted\b)", re.IGNORECASE), 4),
    (re.compile(r"config (?:mgmtuser|netuser) (?:add|password) \S+ ", re.IGNORECASE), 4),
    (re.compile(r"com2sec6? (?!-)\S+ \S+ ", re.IGNORECASE), 3),
    (re.compile(r"com2sec6? -Cn \S+ \S+ \S+ "), 5),
    (re.compile(r"snmp (?:trapreceiver|trap-receiver) create ", re.IGNORECASE), 3),
    (re.compile(r"configure snmp add trapreceiver \S+ ", re.IGNORECASE), 5),
    (re.compile(r"aaa-server \S+ \(\S+\) host \S+ (?!timeout\b)", re.IGNORECASE), 5),
)  # fmt: skip


class _State(Enum):
    NONE = "none"
    STRONG = "strong"
    WEAK = "weak"
    AFTER = "after"


def mask_line(line: str, *, strict: bool = False, names: bool = False) -> str:
    """The line with what may be a secret as `<removed>`.

    `strict`: of a platform that is not known. `names`: it stands in a section in which a name is the secret (SNMP communities).
    """
    body = line.strip()
    if not body:
        return line
    line = _marked_up(line)
    if _SECRET_DATA.search(line):
        line = _QUOTED.sub(REMOVED, line)
    if known.FREE_TEXT.match(body):
        return known.WRITTEN_OUT.sub(_written_out, line)
    harmless = any(pattern.match(body) for pattern in known.HARMLESS_LINES)
    return _Scan(line, strict=strict, names=names, harmless=harmless).run()


def mask_text(text: str) -> str:
    """What a device says in its own words (a trap's text, an error): masked where a word announces a secret.

    Devices report the command that somebody typed, "snmp-server community …" and all.
    """
    if any(known.announces(bare(word).lower().rstrip(":=")) for word in text.split()) or "://" in text:
        return "\n".join(mask_line(line) for line in text.split("\n"))
    return text


def _marked_up(line: str) -> str:
    """Addresses with a password in them, XML and JSON, wherever they stand."""
    line = _USERINFO.sub(rf"\g<keep>{REMOVED}", line)
    line = _QUERY.sub(
        lambda m: f"{m['name']}={REMOVED}" if known.announces(m["name"][1:].lower()) else m[0], line
    )
    line = _ELEMENT.sub(
        lambda m: f"<{m['name']}{m['rest']}>{REMOVED}</{m['name']}>" if _tells(m["name"]) else m[0], line
    )
    return _JSON.sub(lambda m: f'"{m["name"]}"{m["gap"]}"{REMOVED}"' if _tells(m["name"]) else m[0], line)


def _tells(name: str) -> bool:
    lower = name.strip('"').lower()
    return known.announces(lower) or known.announces(re.sub(r"[\s:]", "-", lower))


def _written_out(match: re.Match[str]) -> str:
    """In people's own words: "password reset" is no secret, "password: reset" and "password Xyz1" are."""
    secret, gap = match["secret"], match["gap"]
    plain = secret.strip(".,;:").isalpha() and (secret.islower() or secret.istitle())
    if not gap.strip() and (plain or (is_number(secret) and len(secret) < 4)):
        return match[0]
    return f"{match['word']}{gap}{REMOVED}"


@dataclass
class _Scan:
    """Goes through the words of one line; `found` holds what each becomes."""

    line: str
    strict: bool
    names: bool
    harmless: bool
    state: _State = _State.NONE
    masked: bool = False
    followers: frozenset[str] = known.FOLLOWERS
    found: list[str] = field(default_factory=list)

    def run(self) -> str:
        """The masked line; blanks stay as they are."""
        matches = list(_WORD.finditer(self.line))
        self.words = [match[0] for match in matches]
        self.plain = [bare(word).lower().rstrip(":") for word in self.words]
        if self.harmless:
            self.found = list(self.words)
        else:
            if _HOST.match(self.line.strip()):
                self._host()
            else:
                self._scan()
            self._positions()
            self._random()
        return self._joined(matches)

    def _joined(self, matches: list[re.Match[str]]) -> str:
        parts, at = [], 0
        for match, word in zip(matches, self.found, strict=True):
            parts += [self.line[at : match.start()], word]
            at = match.end()
        return "".join(parts) + self.line[at:]

    def _scan(self) -> None:
        for at, word in enumerate(self.words):
            plain = self.plain[at]
            if not plain or plain.startswith(("##", "/*", "*/")):
                self.found.append(word)
            elif (kept := self._assigned(word)) is not None:
                self.found.append(kept)
            elif self.state is _State.STRONG:
                self.found.append(self._strong(at))
            elif self._announced(at):
                self.found.append(word)
            elif self.state is _State.WEAK:
                self.found.append(self._weak(at))
            else:
                self.found.append(word)
        self._forced()

    def _assigned(self, word: str) -> str | None:
        """`name=value` and `name:value`; None where it is a word like any other."""
        sign = "=" if "=" in word else ":"
        name, _sign, value = word.partition(sign)
        if not value or not _NAME.fullmatch(name):
            return None
        if _tells(name) or (self.names and name.lower() in ("name", "comment")):
            self.masked = True
            return f"{name}{sign}{_hidden(value)}"
        return None if self.state is _State.STRONG or sign == ":" else word

    def _announced(self, at: int) -> bool:
        """Whether this word announces a secret; the state says so from now on."""
        plain = self.plain[at]
        if self.names and self.plain[max(at - 1, 0) : at + 1] == ["set", "name"]:
            self._enter(plain)
            return True
        if known.announces(plain) or plain in known.CODED:
            self._enter(plain)
            return True
        if plain in known.WEAK:
            first_hop = plain == "authentication" and not known.STRONG_AUTHENTICATION.isdisjoint(
                self.plain[:at]
            )
            self.state = _State.STRONG if first_hop or self.strict else _State.WEAK
            self.masked = False
            return True
        return False

    def _enter(self, plain: str) -> None:
        self.state, self.masked = _State.STRONG, False
        password = re.search(r"passw|passphrase|secret|psk|pwd|passcode", plain)
        self.followers = known.PASSWORD_FOLLOWERS if password else known.FOLLOWERS

    def _strong(self, at: int) -> str:
        word, plain = self.words[at], self.plain[at]
        if self.masked:
            if plain in self.followers:
                self.state = _State.AFTER
                self._announced(at)
                return word
            return _hidden(word)
        if plain in known.BEFORE and self._more(at):
            return word
        if is_address(plain) or (is_number(plain) and self._counts(at)):
            return word
        self.masked = True
        return _hidden(word)

    def _more(self, at: int) -> bool:
        """Whether the next word can be the secret."""
        following = self._next(at)
        return bool(following) and (following not in self.followers or following in known.BEFORE)

    def _next(self, at: int) -> str:
        return next((plain for plain in self.plain[at + 1 :] if plain), "")

    def _counts(self, at: int) -> bool:
        """A number before the secret: a type of encryption, a level, an identifier."""
        number, following = self.plain[at], self._next(at)
        if not following:
            return False
        names_a_key = self.followers is known.FOLLOWERS and following in known.KEYED
        if names_a_key or (at and self.plain[at - 1] in ("level", "aes", "des", "index", "keyid", "vlan")):
            return True
        return len(number) < 3 and following not in self.followers

    def _weak(self, at: int) -> str:
        word, plain = self.words[at], self.plain[at]
        short = is_number(plain) and len(plain) < 4
        return word if plain in known.METHODS or short or is_address(plain) else _hidden(word)

    def _forced(self) -> None:
        """A word that announces a secret is followed by one, whatever it looks like."""
        if self.state is not _State.STRONG or self.masked:
            return
        last = max((at for at, plain in enumerate(self.plain) if plain), default=-1)
        if last > 0 and not self._is_announcement(last):
            self.found[last] = _hidden(self.words[last])

    def _is_announcement(self, at: int) -> bool:
        """The line ends with the word itself: nothing follows."""
        return (
            known.announces(self.plain[at]) or self.plain[at] in known.WEAK or self.plain[at] in known.CODED
        )

    def _host(self) -> None:
        """`snmp-server host ADDRESS … COMMUNITY …`: the first word that is neither address nor switch."""
        self.found = list(self.words)
        seen_address = False
        for at in range(2, len(self.words)):
            plain, before = self.plain[at], self.plain[at - 1]
            if plain == "community" or (
                before == "community" and len(plain) == 1 and at + 1 < len(self.words)
            ):
                continue
            if not seen_address:
                seen_address = (
                    is_address(plain)
                    or before == "host"
                    and plain not in _HOST_WORDS
                    and len(self.words) > at + 1
                )
                continue
            if before in _HOST_NAMES or (plain in _HOST_WORDS and before != "community"):
                continue
            self.found[at] = _hidden(self.words[at])
            return

    def _positions(self) -> None:
        body = self.line.strip()
        for pattern, at in _POSITIONS:
            if pattern.match(body) and at < len(self.words):
                self.found[at] = _hidden(self.words[at])

    def _random(self) -> None:
        self.found = [
            _hidden(word) if word == self.words[at] and looks_random(word, strict=self.strict) else word
            for at, word in enumerate(self.found)
        ]


def _hidden(word: str) -> str:
    """The mask, with the punctuation that closes the statement."""
    match = _PUNCTUATION.match(word)
    return f"{match['front']}{REMOVED}{match['end']}" if match and match["middle"] else word
