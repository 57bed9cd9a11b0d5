"""No connector escapes the suite."""

from __future__ import annotations

import pytest

from connectors.contract import Rejected, Request
from connectors.gateway.accounts import connector_class
from connectors.simulator.providers import PROVIDERS
from tests.contract.lines import LINES, OUT_ONLY, connectors_there_are


def test_every_connector_has_a_line_in_the_table() -> None:
    assert connectors_there_are() <= LINES.keys() | OUT_ONLY, "add the new channel to tests/contract/lines.py"
    assert LINES.keys() - {"postcard"} <= PROVIDERS.keys()


def test_every_line_s_simulator_and_connector_agree_on_the_name() -> None:
    for name, line in LINES.items():
        assert line.provider.name == name
        assert len({line.provider.phone(n) for n in range(200)}) == 200


@pytest.mark.parametrize("name", sorted(OUT_ONLY))
def test_what_has_no_line_has_no_way_in(name: str) -> None:
    made = connector_class(name)
    request = Request("POST", f"http://x/hooks/{name}/main", "", {}, {}, b"{}", "127.0.0.1")
    with pytest.raises(Rejected):
        made.verify(object.__new__(made), request)
