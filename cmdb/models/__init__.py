"""The register's tables, one file per theme."""

from cmdb.models.audit import AuditEntry, AuditKind
from cmdb.models.classes import CIClass, Family, Layer
from cmdb.models.heartbeats import Heartbeat
from cmdb.models.items import IMPACTING, Item, Lifecycle, Relation, RelationKind
from cmdb.models.organisations import Language, Organisation, OrganisationKind
from cmdb.models.people import ApiToken, ColorScheme, Membership, Role, Team, User
from cmdb.models.places import Place, PlaceKind
from cmdb.models.services import Criticality, Service, ServiceComponent
from cmdb.models.software import Contract, ContractKind, Installation, Licence, LicenceMetric, Software

__all__ = [
    "IMPACTING",
    "ApiToken",
    "AuditEntry",
    "AuditKind",
    "CIClass",
    "ColorScheme",
    "Contract",
    "ContractKind",
    "Criticality",
    "Family",
    "Heartbeat",
    "Installation",
    "Item",
    "Language",
    "Layer",
    "Licence",
    "LicenceMetric",
    "Lifecycle",
    "Membership",
    "Organisation",
    "OrganisationKind",
    "Place",
    "PlaceKind",
    "Relation",
    "RelationKind",
    "Role",
    "Service",
    "ServiceComponent",
    "Software",
    "Team",
    "User",
]
