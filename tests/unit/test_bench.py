"""`besedka bench` where there is nothing to measure."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from besedka.bench.command import bench


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as bound:  # Nobody listens, and nobody else can while it is bound.
        bound.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{bound.getsockname()[1]}"
        result = CliRunner().invoke(bench, ["deliver", "--readers", "1", "--server", server])
    assert result.exit_code == 1
    assert "The server cannot be reached: " in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    "server", ["localhost", ":9090", "localhost:", "localhost:0", "localhost:65536", "localhost:x"]
)
def test_a_server_is_a_host_and_a_port(server: str) -> None:
    result = CliRunner().invoke(bench, ["deliver", "--readers", "1", "--server", server])
    assert result.exit_code == 2
    assert "--server is HOST:PORT." in result.output
