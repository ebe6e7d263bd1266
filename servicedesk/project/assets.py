"""A static files finder that serves exactly the files of npm packages that `cmdb.common.assets` names."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core import checks
from django.core.files.storage import FileSystemStorage

from cmdb.common.assets import NPM_FILES

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"


class NamedFiles(FileSystemStorage):
    """Reads a static name from its place below node_modules; nothing is written."""

    prefix = ""

    def path(self, name: str) -> str:
        """The file behind a static name; KeyError for a name that is not listed."""
        return str(NODE_MODULES / NPM_FILES[name])


class NamedFilesFinder(BaseFinder):
    """For `collectstatic` and, with DEBUG, for serving without collecting."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.storage = NamedFiles(location=NODE_MODULES)

    def check(self, **_kwargs: Any) -> list[checks.CheckMessage]:
        """A listed file that is missing is an error, unless no package was fetched at all (a machine without pages)."""
        if not NODE_MODULES.exists():
            return []
        return [
            checks.Error(
                f"{target} is missing below node_modules.",
                hint="Run `make assets`, or take it out of cmdb.common.assets.NPM_FILES.",
                id="samdrift.E001",
            )
            for target in NPM_FILES.values()
            if not (NODE_MODULES / target).is_file()
        ]

    def find(self, path: str, *_args: Any, **kwargs: Any) -> Any:
        """The file's path, a list of one with `find_all` (`all` in older Django), or an empty list."""
        wants_all = kwargs.get("find_all") or kwargs.get("all")
        if path not in NPM_FILES or not Path(self.storage.path(path)).is_file():
            return []
        return [self.storage.path(path)] if wants_all else self.storage.path(path)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, NamedFiles]]:
        """Every listed file that exists, with the storage that reads it."""
        for name in NPM_FILES:
            if Path(self.storage.path(name)).is_file():
                yield name, self.storage
