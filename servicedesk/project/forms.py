"""The sign-in form."""

from typing import Any

from allauth.account.forms import LoginForm as StockLoginForm


class LoginForm(StockLoginForm):
    """Without the link inside the password's help: it stood between name and password for people with a keyboard."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
