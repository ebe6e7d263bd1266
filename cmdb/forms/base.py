"""What all forms of the register share."""

from __future__ import annotations

from typing import Any

from mptt.forms import TreeNodeChoiceField

from cmdb.common.forms import ScopedModelForm


class RegisterForm(ScopedModelForm):
    """Choices of a tree are set in by wide spaces, as in the lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, TreeNodeChoiceField):
                field.level_indicator = "\u2003"
