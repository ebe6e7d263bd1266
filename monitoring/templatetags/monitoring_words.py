"""`{% load monitoring_words %}`: technical details in the reader's language."""

from django import template

from monitoring import words

register = template.Library()
register.filter("detail", words.detail)
