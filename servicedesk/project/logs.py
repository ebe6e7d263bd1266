"""Plain log lines without secrets."""

import logging
import re

#: name=value and name: value where the name says secret; addresses with a password in them.
_NAMED = re.compile(
    r"(?i)((?:pass(?:word|phrase|wd)?|secret|token|community|authorization|api_?key|auth_?key|priv_?key|cookie)"
    r"[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|(?:bearer|basic)\s+\S+|[^\s,;)}&]+)"
)
_ADDRESS = re.compile(r"(\w+://[^\s/:@]*:)[^\s@/]+@")


def without_secrets(text: str) -> str:
    """`text` with the values of passwords, tokens and the like replaced by three dots."""
    return _ADDRESS.sub(r"\1…@", _NAMED.sub(r"\1…", text))


class NoSecrets(logging.Filter):
    """The last guard, not the first: code must not log secrets, libraries sometimes do."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record's message where it holds something secret; keeps every record."""
        message = record.getMessage()
        cleaned = without_secrets(message)
        if cleaned != message:
            record.msg, record.args = cleaned, None
        return True
