"""Text from people and from outside, made fit to show."""

import re
from html import escape

from django.utils.safestring import SafeString, mark_safe

TAGS = {
    *("a", "b", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre", "s"),
    *("strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
SCHEMES = {"http", "https", "mailto", "tel"}
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAIL = ".,;:!?)]}"


def plain_to_html(text: str) -> SafeString:
    """Plain text as paragraphs with line breaks; http(s) addresses become links."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        return SafeString("")
    paragraphs = re.split(r"\n\s*\n", text)
    return mark_safe("".join(f"<p>{_linked(p).replace(chr(10), '<br>')}</p>" for p in paragraphs))  # noqa: S308 - _linked escapes


def _linked(text: str) -> str:
    """Escaped text with its addresses as links."""
    out, end = [], 0
    for found in _URL.finditer(text):
        url = found.group().rstrip(_TRAIL)
        if found.group().startswith(url + ")") and url.count("(") > url.count(")"):
            url += ")"
        out.append(escape(text[end : found.start()]))
        out.append(f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{escape(url)}</a>')
        end = found.start() + len(url)
    return "".join(out) + escape(text[end:])


def safe_url(url: str) -> str:
    """``url`` if a link may carry it, else "": stored addresses could hold ``javascript:``."""
    stripped = re.sub(r"[\x00-\x20]", "", url)
    scheme = stripped.split(":", 1)[0].lower() if ":" in stripped else ""
    return url.strip() if scheme in SCHEMES else ""
