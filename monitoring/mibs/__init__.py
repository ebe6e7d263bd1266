"""One file per MIB: its OIDs and the decoding of its values. Pure: no Django, no network, no exceptions on odd input."""
