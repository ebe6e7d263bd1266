"""A mail's own HTML made fit to be looked at: no script, no form, nothing loaded from anywhere, its own pictures in their places."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote

import nh3

from cmdb.common.html_text import is_tangled
from servicedesk.mail.reading import File, Incoming

LONGEST = 3_000_000
#: All pictures together: the page holds them.
MOST_PICTURES = 20_000_000
_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
    ),
    *(
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "q",
    ),
    *(
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    ),
    *("tt", "u", "ul"),
}
_ATTRIBUTES = {
    "*": {"align", "bgcolor", "color", "dir", "height", "lang", "style", "title", "valign", "width"},
    "a": {"href"},
    "img": {"src", "alt"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "font": {"face", "size"},
    "ol": {"start", "type"},
}
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-left", "border-right", "border-top", "color",
    "font-family", "font-size", "font-style", "font-weight", "line-height", "margin", "margin-bottom", "margin-left",
    "margin-right", "margin-top", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top",
    "text-align", "text-decoration", "vertical-align", "white-space", "width",
}  # fmt: skip
_SILENT = {"script", "style", "title", "head", "template", "object", "iframe", "noscript"}
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
)  # fmt: skip
_EMBEDDED = tuple(f"data:{kind};base64," for kind in ("image/png", "image/jpeg", "image/gif", "image/webp"))


@dataclass
class Shown:
    """`html` is safe inside the body of a document of its own. `elsewhere`: pictures that lie on other servers."""

    html: str
    elsewhere: int = 0


@dataclass
class _Pictures:
    files: dict[str, File]
    elsewhere: int = 0
    room: int = MOST_PICTURES
    made: dict[str, str | None] = field(default_factory=dict)

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """nh3 asks for each attribute that it would keep."""
        if (tag, name) == ("img", "src"):
            return self._source(value.strip())
        return None if value.strip().lower().startswith(("data:", "cid:")) else value

    def _source(self, value: str) -> str | None:
        if value.lower().startswith("cid:"):
            key = unquote(value[4:]).strip("<>")
            if key not in self.made:
                self.made[key] = self._embedded(self.files.get(key))
            return self.made[key]
        if value.lower().startswith(_EMBEDDED) and len(value) <= self.room:
            self.room -= len(value)
            return value
        self.elsewhere += value.lower().startswith(("http:", "https:"))
        return None

    def _embedded(self, file: File | None) -> str | None:
        kind = picture(file.data) if file is not None else ""
        if file is None or not kind or len(file.data) > self.room:
            return None
        self.room -= len(file.data)
        return f"data:{kind};base64,{base64.b64encode(file.data).decode()}"


def picture(data: bytes) -> str:
    """The type of a picture that a browser shows, by what it is and not by what is said of it; "" for everything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _PICTURES if data.startswith(begin)), "")


def shown(mail: Incoming) -> Shown | None:
    """None where it has no HTML, or some that is made to keep its reader busy."""
    if not mail.html or len(mail.html) > LONGEST or is_tangled(mail.html):
        return None
    pictures = _Pictures({file.inline_id: file for file in mail.files if file.inline_id})
    html = nh3.clean(
        mail.html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=pictures.attribute,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        clean_content_tags=_SILENT,
    )
    return Shown(html, pictures.elsewhere)
