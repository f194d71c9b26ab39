"""The check for a network ends within seconds in every case."""

import socket
import threading
from contextlib import contextmanager

import pytest

from data.readers.tfds import reachable


@contextmanager
def server_with(response: bytes | None):
    """A local port that sends one response, or none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(response)

        if response is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield address


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "500 Internal Server Error"])
def test_any_http_response_is_reachable(status):
    with server_with(f"HTTP/1.0 {status}\r\n\r\n".encode()) as address:
        assert reachable(address)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("response", [None, b"", b"220 this is not a web server\r\n"], ids=["none", "closed", "SMTP"])
def test_no_or_an_invalid_response_is_not_reachable(response):
    with server_with(response) as address:
        assert not reachable(address, seconds=0.5)


@pytest.mark.timeout(60)
def test_a_closed_port_is_not_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert not reachable(closed)


@pytest.mark.timeout(60)
def test_a_name_lookup_that_does_not_end_is_not_reachable(monkeypatch):
    end = threading.Event()

    def hang(*_: object, **__: object) -> None:
        end.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert not reachable("http://nowhere.invalid", seconds=0.5)
    end.set()


def test_an_invalid_proxy_is_not_reachable(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:port")
    assert not reachable("http://nowhere.invalid", seconds=0.5)
