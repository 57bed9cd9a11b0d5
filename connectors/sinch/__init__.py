"""SMS by Sinch (https://sinch.com, SMS REST API): `CHANNELS=sinch:main`."""

from connectors.sinch.connector import Sinch

CONNECTOR = Sinch

__all__ = ["CONNECTOR"]
