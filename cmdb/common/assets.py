"""Named files of npm packages that the pages use, and the names of icons.

Nothing of these packages is checked in: `npm ci` puts them into node_modules, and the static finder of the
wiring serves exactly the files listed in `NPM_FILES`. Serving whole dist folders would make collectstatic
hash thousands of files that no page asks for.
"""

from typing import Final

#: Name used in templates and CSS → file of @navikt/aksel-icons (dist/svg), or None for a drawing of our own
#: in static/samdrift/icons/. Own drawings: the priority bars.
ICONS: Final[dict[str, str | None]] = {
    # clocks and live states
    "clock": "Clock",
    "soon": "HourglassTopFilled",
    "breach": "ExclamationmarkTriangleFill",
    "pause": "PauseFill",
    "ok": "CheckmarkCircleFill",
    "stop": "XMarkOctagonFill",
    "eye": "Eye",
    "question": "QuestionmarkCircle",
    "wrench": "Cog",
    # priority
    "p1": None,
    "p2": None,
    "p3": None,
    "p4": None,
    # kinds of tickets
    "incident": "Lightning",
    "request": "ShoppingBasket",
    "problem": "Bug",
    "change": "ArrowsSquarepath",
    # states of tickets
    "inbox": "Inbox",
    "person": "Person",
    "edit": "Pencil",
    "check": "Checkmark",
    "archive": "Archive",
    "closed": "Archive",
    "cancelled": "CircleSlash",
    "pencil": "Pencil",
    # outcomes
    "success": "CheckmarkCircleFill",
    "warning": "ExclamationmarkTriangleFill",
    "error": "XMarkOctagonFill",
    "cog": "Cog",
    # things in the register
    "service": "Layers",
    "system": "Component",
    "server": "HddUp",
    "db": "Database",
    "network": "Router",
    "pc": "Laptop",
    "mobile": "Mobile",
    "printer": "PrinterSmall",
    "building": "Buildings3",
    "place": "LocationPin",
    "people": "PersonGroup",
    "contract": "FileText",
    "licence": "Seal",
    "information": "Folder",
    "money": "Wallet",
    "shield": "ShieldLock",
    "key": "KeyHorizontal",
    # doing
    "plus": "Plus",
    "minus": "Minus",
    "x": "XMark",
    "trash": "Trash",
    "search": "MagnifyingGlass",
    "filter": "Funnel",
    "menu": "MenuHamburger",
    "dots": "MenuElipsisHorizontal",
    "send": "Paperplane",
    "reply": "ArrowUndo",
    "mail": "EnvelopeClosed",
    "lock": "PadlockLockedFill",
    "clip": "Paperclip",
    "camera": "Camera",
    "link": "Link",
    "broken": "LinkBroken",
    "external": "ExternalLink",
    "copy": "Files",
    "download": "Download",
    "upload": "Upload",
    "file": "FileExcel",
    "pdf": "FilePdf",
    "print": "PrinterLarge",
    "star": "Bookmark",
    "bell": "Bell",
    "hand": "HandFinger",
    "thumb": "ThumbUp",
    "refresh": "ArrowsCirclepath",
    "history": "ClockDashed",
    "play": "Play",
    "merge": "Branching",
    "leave": "Leave",
    "settings": "Cog",
    # pointing
    "up": "ArrowUp",
    "downarr": "ArrowDown",
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "down": "ChevronDown",
    "next": "ChevronRight",
    "trend": "TrendUp",
    # places and people on pages
    "portal": "Mobile",
    "phone": "Phone",
    "chat": "Chat",
    "headset": "PersonHeadset",
    "calendar": "Calendar",
    "book": "Book",
    "clipboard": "Clipboard",
    "tasks": "Tasklist",
    "chart": "BarChart",
    "map": "Branching",
    "board": "Gavel",
    "home": "House",
    "globe": "Language",
    "sun": "Sun",
    "moon": "Moon",
    "info": "InformationSquareFill",
    "rss": "Broadcast",
    "idea": "LightBulb",
    "flag": "FlagCross",
    "megaphone": "Megaphone",
    "robot": "Robot",
}

_PACKAGES: Final[dict[str, str]] = {
    "vendor/designsystemet.css": "@digdir/designsystemet-css/dist/src/index.css",
    "vendor/designsystemet.js": "@digdir/designsystemet-web/dist/umd/index.js",
    # named in the last line of the script above: hashed storage refuses a file whose map is missing
    "vendor/index.js.map": "@digdir/designsystemet-web/dist/umd/index.js.map",
    "vendor/inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "vendor/inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "vendor/cytoscape.js": "cytoscape/dist/cytoscape.min.js",
}

#: Static name → path below node_modules/.
NPM_FILES: Final[dict[str, str]] = {
    **_PACKAGES,
    **{
        f"vendor/icons/{drawing}.svg": f"@navikt/aksel-icons/dist/svg/{drawing}.svg"
        for drawing in sorted({name for name in ICONS.values() if name})
    },
}


def icon_css() -> str:
    """The text of static/samdrift/css/icons.css: one mask per icon name.

    The file is checked in so that no build step is needed; a test compares it with this function.
    """
    rules = [
        f'[data-i="{name}"]{{--i:url('
        + (f"../../vendor/icons/{drawing}.svg" if drawing else f"../icons/{name}.svg")
        + ")}"
        for name, drawing in ICONS.items()
    ]
    return "\n".join([_ICON_HEAD, *rules, ""])


_ICON_HEAD = """\
/* Written by cmdb.common.assets.icon_css(); change ICONS there, not this file.
   One attribute draws an icon: <span data-i="clock">…</span>. The mask takes the colour of the text. */
@layer app{
[data-i]{--i:linear-gradient(#0000,#0000)}
[data-i]::before{content:"";display:inline-block;flex:none;width:1.3em;height:1.3em;vertical-align:-.28em;
background:currentColor;-webkit-mask:var(--i) center/contain no-repeat;mask:var(--i) center/contain no-repeat;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
[data-i=""]::before{display:none}
@media (forced-colors:active){[data-i]::before{background:CanvasText;forced-color-adjust:none}}
}"""
