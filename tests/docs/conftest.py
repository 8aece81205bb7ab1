"""Makes this folder's modules importable, which the tests of pages share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
