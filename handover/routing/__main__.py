"""`python -m handover.routing`: renews the table in docs/agents-routing.md; `--check` only says whether it is as it should be."""

from __future__ import annotations

import sys

from handover.routing.table import PAGE, page

if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv[1:]:
        sys.exit(
            0
            if made == PAGE.read_text(encoding="utf-8")
            else f"{PAGE.name} is not what the rules say: python -m handover.routing"
        )
    PAGE.write_text(made, encoding="utf-8")
