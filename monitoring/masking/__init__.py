"""Configurations as people are shown them: what may be a secret is masked unless it is known to be none (invariant 7).

A list of the lines that hold secrets is never whole: every maker, and every release, adds some. So it is told the other way
round: behind a word that announces a secret (password, key, community, …) only what is known to be harmless stays, and what
looks made up at random goes wherever it stands. Hashes go too: they can be guessed at. Masking twice changes nothing.

    words    what announces a secret, and what is harmless behind it
    shapes   what a word looks like: a number, an address, something random
    lines    one line, by its words
    blocks   what a line does not tell alone: keys over many lines, the section that a line stands in
"""

from monitoring.masking.blocks import mask
from monitoring.masking.lines import mask_text
from monitoring.masking.shapes import REMOVED

__all__ = ["REMOVED", "mask", "mask_text"]
