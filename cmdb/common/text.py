"""Text from people and from outside, made fit to show."""

import re
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    *("a", "b", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre", "s"),
    *("strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
SCHEMES = {"http", "https", "mailto", "tel"}
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAIL = ".,;:!?)]}"


def clean_html(html: str) -> SafeString:
    """Foreign HTML reduced to plain structure: no script, style, image, form, frame, event or id."""
    return mark_safe(  # noqa: S308 - cleaned here
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
            clean_content_tags={"script", "style", "title", "head"},
        )
    )


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


def excerpt(text: str, size: int = 140) -> str:
    """The beginning of ``text`` on one line, at most ``size`` characters, cut between words."""
    line = " ".join(text[: size * 4 + 400].split())
    if len(line) <= size:
        return line
    cut = line[: size - 1]
    word = cut.rsplit(" ", 1)[0]
    return (word if len(word) > size // 2 else cut).rstrip(" ,.;:") + "…"


def safe_url(url: str) -> str:
    """``url`` if a link may carry it, else "": stored addresses could hold ``javascript:``."""
    stripped = re.sub(r"[\x00-\x20]", "", url)
    scheme = stripped.split(":", 1)[0].lower() if ":" in stripped else ""
    return url.strip() if scheme in SCHEMES else ""
