"""What the city and the emergency services publish themselves, and is therefore no personal data."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml

_ROOT: Final = Path(__file__).parents[2]


@cache
def published_contacts() -> frozenset[str]:
    """Reads the published telephone numbers and e-mail addresses, once.

    Returns:
        The numbers of `knowledge/phones.yml` and the contents of `published.yml`, as written there.
    """
    phones = yaml.safe_load((_ROOT / "knowledge" / "phones.yml").read_text(encoding="utf-8"))
    further = yaml.safe_load(Path(__file__).with_name("published.yml").read_text(encoding="utf-8"))
    return frozenset([row["number"] for row in phones.values()] + further["emails"] + further["numbers"])
