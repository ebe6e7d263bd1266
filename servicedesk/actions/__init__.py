"""One module per verb: it checks the right, changes, writes the timeline, moves clocks and fills the outbox, in one transaction.

Page, API, mail and alert intake call the same functions. Each takes an Actor first and answers the ticket as it is now;
it raises PermissionDenied (who), workflow.MoveRefused (state, missing value) or ValidationError (a value itself).
"""

from servicedesk.actors import Actor

__all__ = ["Actor"]
