"""A simulated day at the desk: how honest the told wait is, beside Bürokratt's formula, and how fair the queue.

.venv/bin/python benchmarks/queue.py [--days 20] [--conversations 2000] [--agents 12] [--share .3] [--json FILE]
"""

from __future__ import annotations

import sys
import sysconfig
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

if __name__ == "queue":
    # A script of this folder has the folder first on its path: whoever imports the standard library's `queue` there (half of
    # all libraries) finds this file, and is given what they meant.
    spec = spec_from_file_location("queue", Path(sysconfig.get_paths()["stdlib"]) / "queue.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["queue"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["queue"])

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from benchmarks.desk_day import main

    main()
