"""`jaxgan play`: what is wrong is said in one line, and nothing is served."""

import socket

import pytest

from jaxgan.__main__ import COMMANDS, PACKAGES
from jaxgan.loopback import listen
from jaxgan.play.__main__ import main


def test_a_taken_port_is_said_in_one_line_with_a_way_out(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"--port {port}" in said and "0 for any that is free" in said


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--port", "70000"], "at least 0 and at most 65535"),
        (["--port", "many"], "whole number"),
        (["--host", "nowhere.invalid"], "no address of this machine"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
        (["--prot", "1"], "--prot"),
        (["wgan"], "wgan"),
    ],
)
def test_wrong_flags_are_one_line(capsys, flags, why):
    assert main(["--no-browser", *flags]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and why in said


def test_it_listens_on_loopback_and_is_a_command():
    with listen("127.0.0.1", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
    assert "play" in COMMANDS and "play" in PACKAGES
