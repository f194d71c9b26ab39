"""Whether an address answers is known within seconds, whatever it does."""

import socket
import threading
from contextlib import contextmanager

import pytest

from data.readers.tfds import reachable


@contextmanager
def listening(answer: bytes | None):
    """A port of this machine that gives one `answer`, or is silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(answer)

        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield address


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "500 Internal Server Error"])
def test_whoever_answers_is_reachable(status):
    with listening(f"HTTP/1.0 {status}\r\n\r\n".encode()) as address:
        assert reachable(address)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [None, b"", b"220 this is no web server\r\n"], ids=["silence", "hanging up", "mail"])
def test_silence_and_nonsense_are_no_answer(answer):
    with listening(answer) as address:
        assert not reachable(address, seconds=0.5)


@pytest.mark.timeout(60)
def test_a_closed_port_is_not_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert not reachable(closed)


@pytest.mark.timeout(60)
def test_a_name_that_is_looked_up_for_ever_is_not_reachable(monkeypatch):
    given_up = threading.Event()

    def hang(*_: object, **__: object) -> None:
        given_up.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert not reachable("http://nowhere.invalid", seconds=0.5)
    given_up.set()


def test_a_proxy_that_is_none_is_not_reachable(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:port")
    assert not reachable("http://nowhere.invalid", seconds=0.5)
