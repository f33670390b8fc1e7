"""A machine without network, and what a refusal looks like."""

import socket

import pytest

from jaxgan.errors import UserError

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def offline(monkeypatch, no_proxy):
    """No name is found and no connection made, at once; the list of what was asked for is handed out."""
    asked = []

    def refuse(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


@pytest.fixture
def refused():
    """Calls a function, asserts that it raises a UserError of one line, and gives the line."""

    def call(function, *args, **options) -> str:
        with pytest.raises(UserError) as caught:
            function(*args, **options)
        line = str(caught.value)
        assert line
        assert "\n" not in line
        return line

    return call
