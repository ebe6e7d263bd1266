"""Columns that do something: choose a row, press a button. Rights come as sets for the page."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from cmdb.common.tables.cells import Page, fill, literal, urls
from cmdb.common.tables.columns import Col


class Action:
    """A button or link in a row.

    - ``view``, ``key``: address, from the value of the path ``key``
    - ``right``, ``on``: shown where the value of the path ``on`` is in ``table.rights[right]``; a right that
      the table was not given shows nothing
    - ``post``: a button that posts through the table's one hidden form (which carries the CSRF token);
      otherwise a link
    - ``when``: a function from the page to one truth value per row; ``need`` names the paths it reads
    """

    def __init__(
        self,
        label: Any,
        view: str,
        *,
        key: str = "pk",
        right: str | None = None,
        on: str = "pk",
        post: bool = False,
        variant: str = "tertiary",
        when: Callable[[Page], Sequence[Any]] | None = None,
        need: Sequence[str] = (),
    ) -> None:
        self.label, self.view, self.key, self.right, self.on = label, view, key, right, on
        self.post, self.variant, self.when, self.need = post, variant, when, tuple(need)

    def paths(self) -> list[str]:
        """ORM paths read."""
        return [self.key, *([self.on] if self.right else []), *self.need]

    def cells(self, page: Page, form_id: str = "row-form") -> list[str]:
        """The button per row, or nothing."""
        links = urls(self.view, page[self.key])
        if self.right is not None:
            allowed = page.rights.get(self.right, ())
            links = [u if k in allowed else None for u, k in zip(links, page[self.on], strict=True)]
        if self.when is not None:
            links = [u if ok else None for u, ok in zip(links, self.when(page), strict=True)]
        look = f'class="ds-button sm" data-variant="{literal(self.variant)}"'
        if self.post:
            element = f'<button {look} type="submit" form="{form_id}" formaction="%s">{literal(self.label)}</button>'
        else:
            element = f'<a {look} href="%s">{literal(self.label)}</a>'
        return fill(element, links, drop=True)


class ActionCol(Col):
    """Buttons at the end of a row: ``ActionCol(Action(_("Close"), "desk:ticket_close", right="close", …))``."""

    css = "c-act"
    quiet = True
    posts = False

    def __init__(self, *actions: Action, verbose_name: Any = None, **kwargs: Any) -> None:
        kwargs.update(orderable=False, exclude_from_export=True, label=False)
        super().__init__(verbose_name or _("Actions"), **kwargs)
        self.actions = actions
        self.posts = any(action.post for action in actions)

    def paths(self) -> list[str]:
        """Paths of all actions."""
        return [path for action in self.actions for path in action.paths()]

    def texts(self, page: Page) -> Sequence[str | None]:
        """Nothing to read in exports."""
        return [""] * page.size

    def cells(self, page: Page) -> list[str]:
        """All buttons of a row beside each other."""
        return ["".join(row) for row in zip(*(action.cells(page) for action in self.actions), strict=True)]


class SelectCol(Col):
    """A check box per row for work on several rows, inside the page's ``<form class="picks">``.

    ``path`` is read aloud (``words`` with ``%(name)s``: "Choose INC-1"); ``value`` is what is posted as ``field``.
    """

    css = "c-sel"
    quiet = True

    def __init__(
        self, path: str, words: Any, *, value: str = "pk", field: str = "pick", **kwargs: Any
    ) -> None:
        kwargs.update(orderable=False, exclude_from_export=True, label=False)
        super().__init__(_("Choose all on the page"), value, **kwargs)
        self.path, self.words, self.field = path, words, field
        self.need = (path,)

    def heading(self, text: str) -> str:
        """A box that chooses all, for the page's script."""
        return f'<input class="ds-input" type="checkbox" data-check-all aria-label="{text}">'

    def cells(self, page: Page) -> list[str]:
        """The boxes."""
        said = [str(self.words) % {"name": name} for name in page[self.path]]
        box = f'<input class="ds-input" type="checkbox" name="{literal(self.field)}" value="%s" aria-label="%s">'
        return fill(box, self.texts(page), said)
