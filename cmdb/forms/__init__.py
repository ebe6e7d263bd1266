"""Forms of the register; every choice of rows is narrowed to the person."""

from cmdb.forms.catalogue import (
    CIClassForm,
    ContractForm,
    LicenceForm,
    ServiceComponentForm,
    ServiceForm,
    SoftwareForm,
)
from cmdb.forms.items import CaretakerForm, ItemForm, RelationForm
from cmdb.forms.people import MembershipForm, OrganisationForm, PersonForm, PlaceForm, TeamForm

__all__ = [
    "CIClassForm",
    "CaretakerForm",
    "ContractForm",
    "ItemForm",
    "LicenceForm",
    "MembershipForm",
    "OrganisationForm",
    "PersonForm",
    "PlaceForm",
    "RelationForm",
    "ServiceComponentForm",
    "ServiceForm",
    "SoftwareForm",
    "TeamForm",
]
