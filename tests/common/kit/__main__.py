"""`python -m tests.common.kit FOLDER` writes the example pages with their static files."""

import os
import sys
from pathlib import Path

import django

from tests.common import kit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
kit.main(Path(sys.argv[1]))
