"""SMS by 46elks (https://46elks.se): `CHANNELS=elks:main`."""

from connectors.elks.connector import Elks

CONNECTOR = Elks

__all__ = ["CONNECTOR"]
