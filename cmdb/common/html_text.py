"""HTML as readable plain text: links, cells, lists and quotations stay; one pass without looking back, whatever it is made of.

Meant for mail, so for markup that no browser would call valid. The text is text: who shows it escapes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCKS = frozenset(
    (
        "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
        "figure", "footer", "form", "header", "html", "main", "nav", "section", "summary",
    )
)  # fmt: skip
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol"))
#: What stands between their tags is no text.
_SILENT = frozenset(("script", "style", "title", "template", "textarea", "noframes", "object"))
_LINKS = re.compile(r"(?:https?|ftp|tel|sip|file)://?\S|(?:mailto|tel):", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w:-]{0,30})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_NAME = re.compile(r"/?[a-zA-Z][\w:-]{0,40}")
_BLANKS = re.compile(r"[ \t\r\n\f\xa0\u2007\u202f]+")
#: "<kari@example.no>" is no tag.
_AFTER_NAME = frozenset((" ", "\t", "\r", "\n", "\f", "/", ">", ""))
_DEEPEST = 30
_MOST_TAG = 20_000


@dataclass
class Tag:
    name: str
    ends: bool
    source: str

    def attribute(self, name: str) -> str:
        for found in _ATTRIBUTE.finditer(self.source[:_MOST_TAG]):
            if found[1].lower() == name:
                return html.unescape(next((part for part in found.groups()[1:] if part is not None), ""))
        return ""


def tokens(source: str) -> Iterator[str | Tag]:
    """Text (still with entities) and tags, in order; comments and what is silent are left out."""
    at, size = 0, len(source)
    missing: set[str] = set()  # what is never closed is looked for once
    while at < size:
        begin = source.find("<", at)
        if begin < 0:
            yield source[at:]
            return
        if begin > at:
            yield source[at:begin]
        name = _NAME.match(source, begin + 1)
        if name is None or source[name.end() : name.end() + 1] not in _AFTER_NAME:
            at = _past_odd(source, begin, missing)
            if at == begin + 1:
                yield "<"
            continue
        at = _tag_end(source, begin)
        if not at:
            yield source[begin:]
            return
        tag = Tag(name.group().strip("/").lower(), name.group().startswith("/"), source[name.end() : at])
        yield tag
        if tag.name in _SILENT and not tag.ends and not tag.source.endswith("/>"):
            at = _closing(source, at, tag.name, missing)


def _past_odd(source: str, begin: int, missing: set[str]) -> int:
    """Behind a comment or declaration; a lone sign is text."""
    if source.startswith("<!--", begin):
        end = -1 if "-->" in missing else source.find("-->", begin + 4)
        if end >= 0:
            return end + 3
        missing.add("-->")
    if source[begin + 1 : begin + 2] in ("!", "?", "/"):
        end = -1 if ">" in missing else source.find(">", begin)
        if end >= 0:
            return end + 1
        missing.add(">")
    return begin + 1


def _tag_end(source: str, begin: int) -> int:
    """Behind the tag; a > between quotation marks does not end it. 0: nothing is closed any more, so the rest is text."""
    end = source.find(">", begin, begin + 2_000_000)
    for _more in range(10):
        if end < 0:
            break
        inside = source[begin:end]
        if inside.count('"') % 2 == 0:
            return end + 1
        if end - begin > _MOST_TAG:
            break
        end = source.find(">", end + 1, begin + _MOST_TAG)
    return source.find(">", begin) + 1


def _closing(source: str, at: int, name: str, missing: set[str]) -> int:
    if name in missing:
        return at
    found = re.compile(f"</{name}", re.IGNORECASE).search(source, at)
    if found is None:
        missing.add(name)
        return at
    return found.start()


@dataclass
class Sheet:
    """Lines that are being written. `cells`: of the table row that is open."""

    kind: str = ""
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.line.append(text)

    def end_line(self, *, gap: bool = False) -> None:
        text = _BLANKS.sub(" ", "".join(self.line)).strip()
        self.line = []
        if text:
            self.lines.append(text)
        if gap and self.lines and self.lines[-1]:
            self.lines.append("")

    def paste(self, text: str) -> None:
        """Lines that are finished already."""
        self.end_line()
        self.lines.extend(text.split("\n"))

    def text(self) -> str:
        self.end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")


class Writer:
    """Takes tags and text, gives lines."""

    def __init__(self) -> None:
        self.sheets = [Sheet()]
        self.lists: list[int] = []
        self.pre = 0
        self.link, self.said = "", ""

    @property
    def sheet(self) -> Sheet:
        return self.sheets[-1]

    def text(self, source: str) -> None:
        plain = html.unescape(source)
        if self.link:
            self.said += plain
        if self.pre:
            first, *others = plain.replace("\r\n", "\n").split("\n")
            self.sheet.write(first)
            for line in others:
                self._end_pre_line()
                self.sheet.write(line)
        else:
            self.sheet.write(plain)

    def _end_pre_line(self) -> None:
        self.sheet.lines.append("".join(self.sheet.line).rstrip())
        self.sheet.line = []

    def tag(self, tag: Tag) -> None:
        name = tag.name
        if name in _PARAGRAPHS:
            self._list(tag)
            self.sheet.end_line(gap=not self.lists)
        elif name in _BLOCKS:
            self.sheet.end_line()
        elif name == "br":
            self._end_pre_line() if self.pre else self._break()
        elif name == "hr":
            self.sheet.end_line()
            self.sheet.lines.append("-" * 20)
        elif name == "li":
            self._item(tag)
        elif name == "a":
            self._anchor(tag)
        elif name == "img":
            self.sheet.write(" ".join(tag.attribute("alt").split()))
        elif name == "pre":
            self._pre(tag)
        elif name == "blockquote":
            self._nested(tag, "quote")
        elif name in ("table", "tr", "td", "th"):
            self._table(tag)

    def _break(self) -> None:
        text = "".join(self.sheet.line).strip()
        self.sheet.end_line()
        if not text and self.sheet.lines and self.sheet.lines[-1]:
            self.sheet.lines.append("")

    def _list(self, tag: Tag) -> None:
        if tag.name in ("ul", "ol"):
            if not tag.ends and len(self.lists) < _DEEPEST:
                self.lists.append(1 if tag.name == "ol" else 0)
            elif tag.ends and self.lists:
                self.sheet.end_line()
                self.lists.pop()

    def _item(self, tag: Tag) -> None:
        self.sheet.end_line()
        if tag.ends:
            return
        mark = "- "
        if self.lists and self.lists[-1]:
            mark = f"{self.lists[-1]}. "
            self.lists[-1] += 1
        self.sheet.write(mark)

    def _anchor(self, tag: Tag) -> None:
        """The address stands behind the words, unless the words are the address."""
        if self.link:
            said = " ".join(self.said.split())
            shown = self.link.split(":", 1)[1] if self.link.startswith(("mailto:", "tel:")) else self.link
            if shown.rstrip("/") not in (said, said.rstrip("/"), f"https://{said}", f"http://{said}"):
                self.sheet.write(f" ({shown})" if said else shown)
        target = "" if tag.ends else tag.attribute("href").strip()
        self.link, self.said = (target if _LINKS.match(target) else ""), ""

    def _pre(self, tag: Tag) -> None:
        if self.pre and tag.ends:
            self._end_pre_line()
        else:
            self.sheet.end_line()
        self.pre = max(self.pre + (-1 if tag.ends else 1), 0)

    # --- what is written on a sheet of its own: quotations and cells -----------------------------------------

    def _nested(self, tag: Tag, kind: str) -> None:
        if tag.ends:
            self._close(kind)
        elif len(self.sheets) < _DEEPEST:
            self.sheets.append(Sheet(kind))
        else:
            self.sheet.end_line()

    def _table(self, tag: Tag) -> None:
        if tag.name == "table":
            self._nested(tag, "table")
            return
        if not any(sheet.kind == "table" for sheet in self.sheets):
            self.sheet.end_line()
            return
        if tag.name == "tr":
            self._end_row()
        else:
            self._end_cell()
            if not tag.ends:
                self.sheets.append(Sheet("cell"))

    def _end_cell(self) -> None:
        inner = self._innermost("table")
        for _open in self.sheets[inner + 1 :]:
            self._close(self.sheet.kind)

    def _end_row(self) -> None:
        self._end_cell()
        table = self.sheet
        table.end_line()
        cells, table.cells = [cell for cell in table.cells if cell.strip()], []
        if any("\n" in cell for cell in cells):
            for cell in cells:
                table.paste(cell)
        elif cells:
            table.lines.append(" | ".join(cells))

    def _innermost(self, kind: str) -> int:
        return max((n for n, sheet in enumerate(self.sheets) if sheet.kind == kind), default=-1)

    def _close(self, kind: str) -> None:
        """End the innermost sheet of a kind, and those that were left open on it."""
        where = self._innermost(kind)
        if where <= 0:
            self.sheet.end_line()
            return
        while len(self.sheets) > where:
            if self.sheet.kind == "table":
                self._last_row()
            done = self.sheets.pop()
            text = done.text()
            if done.kind == "cell":
                self.sheet.cells.append(text)
            elif done.kind == "quote" and text:
                self.sheet.end_line(gap=True)
                self.sheet.paste("\n".join(f"> {line}".rstrip() for line in text.split("\n")))
                self.sheet.end_line(gap=True)
            else:
                self.sheet.paste(text)

    def _last_row(self) -> None:
        if self.sheet.cells:
            self._end_row()

    def finish(self) -> str:
        while len(self.sheets) > 1:
            self._close(self.sheet.kind)
        if self.link:
            self._anchor(Tag("a", True, ""))
        return self.sheet.text().strip()


def html_to_plain(source: str) -> str:
    """Readable plain text of HTML."""
    writer = Writer()
    for token in tokens(source):
        if isinstance(token, Tag):
            writer.tag(token)
        else:
            writer.text(token)
    return writer.finish()


_OPEN_ENDED = frozenset(
    (
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "option",
        "br",
        "hr",
        "img",
        "meta",
        "link",
        "input",
        "col",
        "wbr",
    )
)


def is_tangled(source: str, deepest: int = 400) -> bool:
    """Whether so much is left open or nested that a browser's parser would work on it for minutes."""
    depth = 0
    for token in tokens(source):
        if isinstance(token, Tag) and token.name not in _OPEN_ENDED and not token.source.endswith("/>"):
            depth = max(depth + (-1 if token.ends else 1), 0)
            if depth > deepest:
                return True
    return False
