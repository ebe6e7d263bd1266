"""Mail in and out: identifiers that cannot be forged, threading, quoting, fetching, files that can be read."""
