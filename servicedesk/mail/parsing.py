"""Raw bytes as a tree of parts, with limits that no letter of a person comes near: depth, parts, lines, length of a header."""

from __future__ import annotations

from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32

from django.utils.translation import gettext_noop

from servicedesk.mail import mended
from servicedesk.mail.fingerprint import split

MOST_LINES = 4_000_000
MOST_PARTS = 2_000
DEEPEST = 40
_LONGEST = 100_000
_LONGEST_TYPE = 8_000
_MOST_HEADERS = 2_000
_STEP = 1 << 16
#: Without one of these it is no mail but bytes.
_SIGNS = (
    "from",
    "sender",
    "reply-to",
    "to",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "mime-version",
)


class UnreadableError(Exception):
    """Bytes that make no mail."""


class Bounded(Compat32):
    """Headers as they stand, cut where they are absurdly long: much in the email package takes quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, colon, first = sourcelines[0].partition(":")
        most = _LONGEST_TYPE if name.lower().startswith("content-") else _LONGEST
        return name, "".join([first.lstrip(" \t"), *sourcelines[1:]])[:most].rstrip("\r\n")

    def header_max_count(self, name: str) -> int | None:
        return None

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value  # raw bytes stay surrogates (servicedesk.mail.charsets), never a Header object

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("utf-8", "surrogateescape")


class Part(Message):
    """A part that gives out what it was made of."""

    def source(self) -> str:
        """Text of a leaf, whose foreign bytes are surrogates; "" of a branch."""
        found = vars(self).get("_payload")
        return found if isinstance(found, str) else ""

    def inner(self) -> list[Message]:
        """The parts of a branch."""
        found = self.get_payload() if self.is_multipart() else []
        return [one for one in found if isinstance(one, Message)]


POLICY = Bounded(message_factory=Part)


class _Parser(BytesFeedParser):
    """Says at once that there are too many parts, or too many in one another."""

    def __init__(self) -> None:
        self.parts = 0
        super().__init__(self._made, policy=POLICY)

    def _made(self, policy: Compat32 | None = None) -> Part:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise UnreadableError(gettext_noop("It has too many parts."))
        if len(getattr(self, "_msgstack", ())) > DEEPEST:
            raise UnreadableError(gettext_noop("Its parts are nested too deep."))
        return Part(policy=policy or POLICY)


def parse(raw: bytes) -> Message:
    """The tree of a mail. UnreadableError for what is none, or is made to stop its reader."""
    if raw.count(b"\n") + raw.count(b"\r") > 2 * MOST_LINES:
        raise UnreadableError(gettext_noop("It has too many lines."))
    mail = _tree(mended.head(raw))
    if not any(name in mail for name in _SIGNS):
        raise UnreadableError(gettext_noop("It has no headers of a mail."))
    return mail


def again(kind: str, body: bytes) -> list[Message]:
    """The parts of a body that its own header does not open: encoded as a whole, or with a boundary that is wrong or missing."""
    boundary = mended.boundary(body)
    if not boundary:
        return []
    mail = _tree(b'Content-Type: %s; boundary="%s"\n\n' % (kind.encode("ascii", "ignore"), boundary) + body)
    return mail.inner() if isinstance(mail, Part) else []


def _tree(raw: bytes) -> Message:
    parser = _Parser()
    try:
        # mbox: a line "From someone at a time" before the head is no header; the parser knows it.
        for begin in range(0, len(raw), _STEP):
            parser.feed(raw[begin : begin + _STEP])
        return parser.close()
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        raise UnreadableError(type(error).__name__) from error


def head(raw: bytes) -> Message:
    """The head alone, for what cannot be read further. Never fails."""
    parser = BytesFeedParser(policy=POLICY)
    try:
        parser.feed(split(mended.head(raw))[0][:200_000] + b"\n\n")
        mail = parser.close()
    except (
        RecursionError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        AssertionError,
        UnreadableError,
    ):
        return Part(policy=POLICY)
    return mail
