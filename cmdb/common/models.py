"""Abstract bases and fields that carry no domain word."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cmdb.common import secrets

# The Norwegian alphabet ends z æ ø å. In ASCII the three signs after z are { | }, so each letter takes
# one of them; Swedish and Danish/German neighbours sort beside their Norwegian sisters, as in a
# Norwegian phone book, and accents do not count. Capitals are listed too, because lower() of a database
# with the plain C locale leaves everything outside ASCII as it is.
_FROM = "æäøöåéèêëáàâíóòôúùûüÿçčñŋšŧžđÆÄØÖÅÉÈÊËÁÀÂÍÓÒÔÚÙÛÜŸÇČÑŊŠŦŽĐ"
_TO = "{{||}eeeeaaaiooouuuyyccnnstzd{{||}eeeeaaaiooouuuyyccnnstzd"


def norwegian_key(text: str) -> str:
    """What ``sort_key_field`` stores for ``text``: the same order for lists that Python sorts."""
    return text.lower().translate(str.maketrans(_FROM, _TO))


def sort_key_field(name: str = "name") -> models.GeneratedField:
    """A stored column that sorts ``name`` as Norwegians do: case apart, æ ø å after z.

    ``sort_key = sort_key_field("title")``; order and index by ``sort_key``. The database computes it, so
    it is right after bulk updates too. The collation is fixed to C: the order does not depend on how
    the database was made.
    """
    return models.GeneratedField(
        expression=models.Func(Lower(name), models.Value(_FROM), models.Value(_TO), function="translate"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )


class Timestamped(models.Model):
    """When a row was made and last changed (UTC instants)."""

    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class EncryptedTextField(models.TextField):
    """Text that lies encrypted in the database and does not show itself in repr.

    Reading gives a ``secrets.Secret`` (a str). Only ``isnull`` can be asked of the database: every
    other lookup would compare with a token that is different each time, so it is refused.
    Leave the field out of history, exports and the API.
    """

    description = _("Encrypted text")

    def get_internal_type(self) -> str:
        """Stored as text."""
        return "TextField"

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse lookups that could never find anything."""
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: it cannot be searched by {lookup_name}")
        return super().get_lookup(lookup_name)

    def from_db_value(self, value: str | None, *_args: Any) -> Any:
        """Token to plain text; empty stays empty."""
        return value if not value else secrets.decrypt(value)

    def to_python(self, value: Any) -> Any:
        """Keep what forms give, but hidden from repr."""
        plain = super().to_python(value)
        return plain if plain is None else secrets.Secret(plain)

    def get_prep_value(self, value: Any) -> Any:
        """Plain text to token; empty stays empty, so that ``blank`` works as usual."""
        plain = super().get_prep_value(value)
        return plain if not plain else secrets.encrypt(str(plain))


class EncryptedJSONField(models.JSONField):
    """JSON data that lies encrypted in a text column. Same limits as EncryptedTextField."""

    description = _("Encrypted data")

    def get_internal_type(self) -> str:
        """Stored as text: a token is not JSON."""
        return "TextField"

    def db_type(self, connection: Any) -> str:
        """Column type."""
        return "text"

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse lookups that could never find anything."""
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: it cannot be searched by {lookup_name}")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """Refuse key transforms."""
        raise TypeError(f"{self.name} is encrypted: it cannot be searched by {lookup_name}")

    def from_db_value(self, value: str | None, *_args: Any) -> Any:
        """Token to data."""
        return None if not value else json.loads(secrets.decrypt(value), cls=self.decoder)

    def get_prep_value(self, value: Any) -> Any:
        """Data to token; None stays NULL."""
        if value is None:
            return None
        return secrets.encrypt(json.dumps(value, cls=self.encoder or DjangoJSONEncoder))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Skip the JSON adapter of the base class: the column is text."""
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """See get_db_prep_value."""
        return self.get_prep_value(value)
