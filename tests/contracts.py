"""Two kinds of import contract that import-linter does not bring. pyproject.toml says what they hold for."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class _Direct(Contract):
    """A contract about single imports; a subclass finds the wrong ones."""

    def wrong_imports(self, graph: ImportGraph) -> list[tuple[str, str]]:
        """(importer, imported) of every import that breaks the contract."""
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Kept when nothing wrong is found."""
        wrong = self.wrong_imports(graph)
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line per wrong import."""
        for importer, imported in check.metadata["wrong"]:
            output.print_error(f"{importer} imports {imported}")


class BaseContract(_Direct):
    """A package's base imports nothing else of the package, whatever modules the package gets later."""

    type_name = "base"
    package: Any = fields.StringField()
    base: Any = fields.StringField()

    def wrong_imports(self, graph: ImportGraph) -> list[tuple[str, str]]:
        """Imports from the base into the rest of its package."""
        inside = {self.base, *graph.find_descendants(self.base)}
        whole = {self.package, *graph.find_descendants(self.package)}
        return sorted(
            (module, imported)
            for module in inside
            for imported in graph.find_modules_directly_imported_by(module) & (whole - inside)
        )


class RoomContract(_Direct):
    """Foreign libraries are imported in named rooms (modules or packages) only."""

    type_name = "room"
    libraries: Any = fields.ListField(subfield=fields.StringField())
    rooms: Any = fields.ListField(subfield=fields.StringField())

    def wrong_imports(self, graph: ImportGraph) -> list[tuple[str, str]]:
        """Imports of the libraries from anywhere else."""
        return sorted(
            (module, library)
            for library in self.libraries
            if library in graph.modules
            for module in graph.find_modules_that_directly_import(library)
            if not any(module == room or module.startswith(f"{room}.") for room in self.rooms)
        )
