"""SMS by Twilio (https://www.twilio.com): `CHANNELS=twilio:main`."""

from connectors.twilio.connector import Twilio

CONNECTOR = Twilio

__all__ = ["CONNECTOR"]
