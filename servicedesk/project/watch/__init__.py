"""Who is blind: one judgement over all parts that work behind the pages, shown by /readyz, check_integrity and a banner.

`parts` says who must give signs of life and how often, `stuck` what in the tables lies too long, `machine` what the
asked process itself needs. A finding holds figures and kinds of errors, never addresses or messages.
"""

from servicedesk.project.watch.findings import blind, findings, missed, sentences
from servicedesk.project.watch.machine import Finding

__all__ = ["Finding", "blind", "findings", "missed", "sentences"]
