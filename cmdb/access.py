"""What a person's roles open: sets of organisation ids, read in one statement and kept on the user object."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from cmdb.models.people import User

WORKING_ROLES = frozenset({"technician", "lead", "changemanager", "oncall", "admin"})
REGISTER_ROLES = WORKING_ROLES | {"keyuser", "owner", "commissioner", "board"}
REGISTER_WRITERS = frozenset({"technician", "lead", "changemanager", "admin"})
BOARD_ROLES = frozenset({"board", "commissioner", "lead", "changemanager", "admin"})

# A role in an organisation holds in all that is under it (mptt's nested sets). The row with role '' is the
# person's home municipality: the nearest ancestor below the root, so a whole municipality counts as "own". The last
# column says whether the role holds over a whole region: a root, so that nobody makes one of a branch of their own.
# Rows whose role begins with ^ are regions above: of a role, or (^ alone) of the home.
_SQL = """
select m.role, d.id, d.kind = 'region' and d.parent_id is null from cmdb_membership m
  join cmdb_organisation o on o.id = m.organisation_id
  join cmdb_organisation d on d.tree_id = o.tree_id and d.lft between o.lft and o.rght
 where m.user_id = %s
union all
select '^' || m.role, a.id, false from cmdb_membership m
  join cmdb_organisation o on o.id = m.organisation_id
  join cmdb_organisation a on a.tree_id = o.tree_id and a.lft < o.lft and a.rght > o.rght and a.kind = 'region'
 where m.user_id = %s
union all
select case when d.kind = 'region' then '^' else '' end, d.id, false from cmdb_organisation h
  join cmdb_organisation a on a.tree_id = h.tree_id and h.lft between a.lft and a.rght
  join cmdb_organisation d on d.id = a.id
    or (a.kind in ('municipality', 'supplier') and d.tree_id = a.tree_id and d.lft between a.lft and a.rght)
 where h.id = %s
"""


class Access:
    """Answers by organisation: `orgs("technician")` is every organisation id in which the role holds."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def _rows(self) -> list[tuple[str, int, bool]]:
        if not self.user.is_active:
            return []
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [self.user.pk, self.user.pk, self.user.organisation_id])
            return cursor.fetchall()

    @cached_property
    def _by_role(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for role, pk, _over_region in self._rows:
            found[role].add(pk)
        return {role: frozenset(ids) for role, ids in found.items()}

    def orgs(self, *roles: str) -> frozenset[int]:
        """Organisation ids (subtrees included) in which the person holds any of `roles`; no role named: any role."""
        wanted = [str(r) for r in roles] or [r for r in self._by_role if r and r[0] != "^"]
        return frozenset().union(*(self._by_role.get(r, frozenset()) for r in wanted))

    def regions_above(self, role: str) -> frozenset[int]:
        """Ids of the regions above where the person holds `role`; the role itself does not hold there."""
        return self._by_role.get(f"^{role}", frozenset())

    def has(self, *roles: str) -> bool:
        """Whether the person holds any of `roles` anywhere."""
        return any(self._by_role.get(str(r)) for r in roles)

    def over_region(self, *roles: str) -> bool:
        """Whether any of `roles` holds over a whole region, which keeps what its municipalities share; superusers always."""
        if self.user.is_active and self.user.is_superuser:
            return True
        wanted = {str(r) for r in roles}
        return any(over and role in wanted for role, _pk, over in self._rows)

    @cached_property
    def all_orgs(self) -> frozenset[int]:
        """Every organisation in which any role is held."""
        return self.orgs()

    @cached_property
    def home_orgs(self) -> frozenset[int]:
        """The person's own municipality with all its units, and the region above it."""
        return self._by_role.get("", frozenset()) | self._by_role.get("^", frozenset())

    @cached_property
    def own_orgs(self) -> frozenset[int]:
        """The person's own municipality with all its units; not the region."""
        return self._by_role.get("", frozenset())

    @cached_property
    def work_orgs(self) -> frozenset[int]:
        """Where the person works on tickets and register: technician, lead, change manager, on call, administrator."""
        return self.orgs(*WORKING_ROLES)

    @cached_property
    def register_orgs(self) -> frozenset[int]:
        """Whose register the person reads."""
        return self.orgs(*REGISTER_ROLES)

    @cached_property
    def board_orgs(self) -> frozenset[int]:
        """Whose reports the person reads."""
        return self.orgs(*BOARD_ROLES)

    @cached_property
    def reach_orgs(self) -> frozenset[int]:
        """Whose people and teams may be named: where one works, and for everybody the own municipality and the region."""
        return self.work_orgs | self.home_orgs

    @property
    def is_staff_role(self) -> bool:
        """Whether the person works in the IT unit."""
        return self.has(*WORKING_ROLES)

    @property
    def reads_register(self) -> bool:
        return self.has(*REGISTER_ROLES)

    @property
    def reads_board(self) -> bool:
        return self.has(*BOARD_ROLES)
