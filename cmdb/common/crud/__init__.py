"""List, detail, create, edit, delete, export and suggestions of a model from one declaration.

See ``declare.Crud`` for what may be said, docs/add-a-model.md for how to use it.
"""

from cmdb.common.crud.archiving import ArchiveView, DeleteView, RestoreView, archive, delete, restore
from cmdb.common.crud.declare import Crud, of_model
from cmdb.common.crud.edit import CreateView, EditView
from cmdb.common.crud.saving import write
from cmdb.common.crud.views import CrudView, DetailView, ExportView, HistoryView, ListView, PickView

__all__ = [
    "ArchiveView",
    "CreateView",
    "Crud",
    "CrudView",
    "DeleteView",
    "DetailView",
    "EditView",
    "ExportView",
    "HistoryView",
    "ListView",
    "PickView",
    "RestoreView",
    "archive",
    "delete",
    "of_model",
    "restore",
    "write",
]
