"""Verbs of the register: one module each; page, API and import call the same ones."""
