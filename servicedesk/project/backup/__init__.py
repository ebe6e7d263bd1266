"""`backup DIR` and `restore DIR`: the database as of one instant, the files that it names, and the secrets that open it.

A backup is a folder of mode 0700: `database.dump` (pg_dump's custom format), `files/`, `secrets/`, and `manifest.json`, which
is written last and holds the digest of every other file. A folder without it is no backup, whatever else lies in it.
"""

from servicedesk.project.backup.load import Restored, restore
from servicedesk.project.backup.make import Made, make
from servicedesk.project.backup.manifest import BackupError

__all__ = ["BackupError", "Made", "Restored", "make", "restore"]
