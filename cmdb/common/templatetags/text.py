"""Text that people wrote, shown safely: `{% load text %}`."""

from django import template
from django.utils.safestring import SafeString

from cmdb.common.text import plain_to_html

register = template.Library()


@register.filter
def prose(text: str | None) -> SafeString:
    """Plain text as escaped HTML with its paragraphs, line breaks and links."""
    return plain_to_html(text or "")
