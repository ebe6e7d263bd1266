"""Writing to mptt trees: one writer at a time, because every insert renumbers its neighbours."""

import zlib
from typing import Any

from django.db import connection
from mptt.models import MPTTModel


def lock_tree(model: Any) -> None:
    """Wait until no other transaction writes to the tree of ``model``; nothing for an ordinary model.

    Held until the end of the transaction. Read the rows after this call: their numbers may have changed.
    """
    if not issubclass(model, MPTTModel):
        return
    number = zlib.crc32(f"tree:{model._meta.db_table}".encode())
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])
