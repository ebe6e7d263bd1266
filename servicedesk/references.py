"""What opening a ticket must know from the database, in one statement: its number, the matrix, the desk's team."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from servicedesk.models import PREFIX, Kind
from servicedesk.priority import Matrix

# The row lock of the counter lasts until the transaction ends, so references have neither holes nor twins.
# The team of last resort: the nearest organisation up the tree that has one; a desk before other teams.
_SQL = """
insert into servicedesk_referencecounter as c (kind, last) values (%(kind)s, 1)
on conflict (kind) do update set last = c.last + 1
returning last,
  (select coalesce(json_agg(json_build_array(impact, urgency, priority)), '[]') from servicedesk_priorityrule),
  (select t.id from cmdb_team t
     join cmdb_organisation home on home.id = t.organisation_id
     join cmdb_organisation o on o.tree_id = home.tree_id and o.lft between home.lft and home.rght
    where o.id = %(organisation)s and t.archived_at is null
    order by home.lft desc, (t.slug like '%%desk%%') desc, t.id limit 1)
"""


class Facts(NamedTuple):
    """A new reference, the priority matrix by (impact, urgency), and the team that gets what nobody else gets."""

    reference: str
    matrix: Matrix
    team_id: int | None


def draw(kind: Kind, organisation_id: int) -> Facts:
    """The next reference of a kind ("INC-00042") with what else is needed. Must run inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"kind": kind.value, "organisation": organisation_id})
        last, cells, team_id = cursor.fetchone()
    return Facts(f"{PREFIX[kind]}-{last:05d}", {(i, u): p for i, u, p in cells}, team_id)
