"""The declaration itself: what a model's pages need to know, and the rights that follow from it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch, URLPattern, get_resolver, path, reverse

from cmdb.common.archive import Archivable, is_archived
from cmdb.common.filters import FastFilterSet
from cmdb.common.forms import ScopedModelForm
from cmdb.common.models import EncryptedJSONField, EncryptedTextField
from cmdb.common.tables import FastTable

Field = str | tuple[Any, str | Callable[..., Any]]
_registry: dict[type[Model], list["Crud"]] = {}


def of_model(model: type[Model]) -> "Crud | None":
    """The declaration whose pages show ``model``, for links to related rows; None where none is installed."""
    for crud in _registry.get(model, ()):
        try:
            crud.url("pick")
        except NoReverseMatch:  # declared, but its addresses are not part of this site
            continue
        return crud
    return None


def installed() -> "list[Crud]":
    """Every declaration whose pages are part of this site."""
    _ = get_resolver().url_patterns  # declarations are made when the addresses are read
    return [crud for model in list(_registry) if (crud := of_model(model)) is not None]


class Crud:
    """Pages of one model. Rows are narrowed by ``visible_to`` before anything else happens.

    - ``namespace``: of the URLs (``cmdb``); ``name``: word in URL names, templates and panels (``item`` gives
      ``item_list``); ``prefix``: first part of the address (``items``)
    - ``table``, ``filterset``, ``form``: classes; without a form nothing is written here
    - ``fields``: of the detail page: names, ORM paths, or ``(label, path or function(obj, user))``;
      ``sections``: further cards ``(heading, fields)``
    - ``read_roles``: who may open the pages at all (empty: everybody signed in, rows stay narrowed)
    - ``write_roles``, ``create_roles``, ``delete_roles`` (the latter two default to the first): checked with
      ``access.orgs`` against the row's ``owner`` (path of an organisation id). Rows without one (``owner`` None, or
      empty in the row) are shared by all: for them the role must hold over the region. Empty means nobody.
    - ``rows(queryset)``: annotate or narrow further; ``actions(obj, user)``: more buttons ``(label, url, variant)``
    - ``rights(user)``: sets for the table's action columns
    - ``search``: ORM paths for suggestions; ``note``: path shown muted beside them
    - ``lookup``: field in the address (``pk``, ``slug``, ``reference``)
    - ``views``: replace a view class by name (list, detail, create, edit, delete, archive, restore, export, pick,
      history). Rows of an ``Archivable`` model are archived and taken back by those who may delete; while they are
      archived nobody writes them.
    """

    def __init__(
        self,
        model: type[Model],
        *,
        namespace: str,
        prefix: str,
        name: str = "",
        table: type[FastTable] | None = None,
        filterset: type[FastFilterSet] | None = None,
        form: type[ScopedModelForm] | None = None,
        fields: Sequence[Field] = (),
        sections: Sequence[tuple[Any, Sequence[Field]]] = (),
        read_roles: Sequence[str] = (),
        write_roles: Sequence[str] = (),
        create_roles: Sequence[str] | None = None,
        delete_roles: Sequence[str] | None = None,
        owner: str | None = "organisation_id",
        rows: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None,
        actions: Callable[[Any, Any], list[tuple[Any, str, str]]] | None = None,
        rights: Callable[[Any], Mapping[str, Any]] | None = None,
        search: Sequence[str] = (),
        note: str = "",
        lookup: str = "pk",
        empty: tuple[Any, Any] = ("", ""),
        views: Mapping[str, type[Any]] | None = None,
    ) -> None:
        self.model, self.namespace, self.prefix = model, namespace, prefix.strip("/")
        self.name = name or model._meta.model_name or ""
        self.table, self.filterset, self.form = table, filterset, form
        self.fields, self.sections = tuple(fields), tuple(sections)
        self.roles: dict[str, tuple[str, ...]] = {
            "read": tuple(read_roles),
            "write": tuple(write_roles),
            "create": tuple(write_roles if create_roles is None else create_roles),
            "delete": tuple(write_roles if delete_roles is None else delete_roles),
        }
        self.owner, self._rows, self._actions, self._rights = owner, rows, actions, rights
        self.search, self.note, self.lookup, self.empty = tuple(search), note, lookup, empty
        self.view_classes = dict(views or {})
        self._refuse_secrets()
        _registry.setdefault(model, []).append(self)

    def _refuse_secrets(self) -> None:
        """A secret on a page is a slip of the declaration: say so at start."""
        secret = {
            f.name
            for f in self.model._meta.get_fields()
            if isinstance(f, EncryptedTextField | EncryptedJSONField)
        }
        shown = {f if isinstance(f, str) else f[1] for f in self.all_fields()}
        read = set(self.table.all_paths()) if self.table else set()
        if secret & (shown | read):
            raise TypeError(f"{self.model.__name__}: {secret & (shown | read)} is secret and cannot be shown")

    def all_fields(self) -> list[Field]:
        """Fields of the first card and of all others."""
        return [*self.fields, *(field for _heading, fields in self.sections for field in fields)]

    # --- rows and rights

    def rows(self, user: Any) -> QuerySet[Any]:
        """Rows that ``user`` may see."""
        manager: Any = self.model._default_manager
        rows: QuerySet[Any] = manager.visible_to(user)
        return self._rows(rows) if self._rows else rows

    def may(self, user: Any, verb: str) -> bool:
        """Whether ``user`` may ``read`` these pages, or ``create``, ``write``, ``delete`` anywhere at all."""
        roles = self.roles[verb]
        if verb == "read" and not roles:
            return True
        if verb in ("write", "create") and self.form is None:
            return False
        if verb == "create" and self.owner is None:
            return bool(roles) and bool(user.access.over_region(*roles))
        return bool(roles) and bool(user.access.has(*roles))

    def may_with(self, user: Any, verb: str, obj: Model) -> bool:
        """Whether ``user`` may ``write`` or ``delete`` this very row."""
        if not self.may(user, verb):
            return False
        if self.is_shared(obj):
            return verb == "read" or bool(user.access.over_region(*self.roles[verb]))
        return self.owner_of(obj) in user.access.orgs(*self.roles[verb])

    def may_write(self, user: Any, obj: Any) -> bool:
        """Whether ``user`` may change this very row as it is now: what is archived is taken back first."""
        return not is_archived(obj) and self.may_with(user, "write", obj)

    @property
    def archives(self) -> bool:
        """Whether rows are archived rather than deleted."""
        return bool(self.roles["delete"]) and issubclass(self.model, Archivable)

    def is_shared(self, obj: Model) -> bool:
        """Whether ``obj`` is no single organisation's: all depend on it, so none of them alone may rewrite it."""
        return self.owner is None or self.owner_of(obj) is None

    def owner_of(self, obj: Any) -> Any:
        """Key of the organisation that owns ``obj``."""
        for step in (self.owner or "").split("__"):
            obj = getattr(obj, step, None)
        return obj

    def actions(self, obj: Model, user: Any) -> list[tuple[Any, str, str]]:
        """Further buttons of the detail page."""
        return self._actions(obj, user) if self._actions else []

    def rights(self, user: Any) -> Mapping[str, Any]:
        """Rights for the table's action columns."""
        return self._rights(user) if self._rights else {}

    # --- addresses

    def url(self, verb: str, obj: Any = None) -> str:
        """Address of a page: ``url("list")``, ``url("detail", item)``."""
        args = () if obj is None else (getattr(obj, self.lookup),)
        return reverse(f"{self.namespace}:{self.name}_{verb}", args=args)

    @property
    def urls(self) -> list[URLPattern]:
        """Patterns for the app's urls.py."""
        one = f"{self.prefix}/<{'int' if self.lookup == 'pk' else 'str'}:key>/"
        routes = {
            "list": f"{self.prefix}/",
            "export": f"{self.prefix}/export/",
            "pick": f"{self.prefix}/pick/",
        }
        if self.table is None:
            del routes["list"], routes["export"]
        if self.form is not None:
            routes |= {"create": f"{self.prefix}/new/", "edit": f"{one}edit/"}
        if self.roles["delete"]:
            routes["delete"] = f"{one}delete/"
        if self.archives:
            routes |= {"archive": f"{one}archive/", "restore": f"{one}restore/"}
        routes |= {"history": f"{one}history/", "detail": one}
        return [
            path(route, self._view(verb).as_view(crud=self), name=f"{self.name}_{verb}")
            for verb, route in routes.items()
        ]

    def _view(self, verb: str) -> Any:
        from cmdb.common.crud import archiving, edit, views

        stock = {
            "list": views.ListView,
            "detail": views.DetailView,
            "export": views.ExportView,
            "pick": views.PickView,
            "history": views.HistoryView,
            "create": edit.CreateView,
            "edit": edit.EditView,
            "delete": archiving.DeleteView,
            "archive": archiving.ArchiveView,
            "restore": archiving.RestoreView,
        }
        return self.view_classes.get(verb, stock[verb])
