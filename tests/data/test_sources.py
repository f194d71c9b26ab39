"""Data sets within reach and out of it; IMDB itself where it lies on this machine."""

import socket
import threading
from collections import Counter
from contextlib import contextmanager

import pytest

from data import small_world, sources
from data.sources import SMALL_WORLD, NoNetwork, load_labelled_texts, reachable, small_world_texts
from data.splits import make_splits, overlaps, places_seen
from data.tokenization import tokenize_cased
from schema.errors import UserError
from tasks.task import load_or_small_world


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


def load(name: str):
    return small_world_texts(small_world.sentiment, 20) if name == SMALL_WORLD else load_labelled_texts(name)


def test_without_a_network_the_small_world_takes_the_default_s_place_and_says_so(bare, capsys):
    official = load_or_small_world(load, ("imdb", SMALL_WORLD), wanted=None)
    assert (official.dataset, official.synthetic) == (SMALL_WORLD, True)
    assert "small world" in capsys.readouterr().err


@pytest.mark.parametrize("name", sources.LABELLED_TEXTS)
def test_without_a_network_a_named_data_set_stops_the_program(bare, name):
    with pytest.raises(NoNetwork, match=f"{name} is not on this machine") as error:
        load_or_small_world(load, (name, SMALL_WORLD), wanted=name)
    assert error.value.exit_status == 1


def test_a_named_small_world_needs_no_note(capsys):
    assert load_or_small_world(load, ("imdb", SMALL_WORLD), wanted=SMALL_WORLD).synthetic
    assert not capsys.readouterr().err


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match="no data set imbd; .*did you mean imdb"):
        load_or_small_world(load, ("imdb", SMALL_WORLD), wanted="imbd")


@pytest.mark.parametrize("tell, classes", [(small_world.sentiment, 2), (small_world.topic, 7)])
def test_the_small_world_s_splits_are_others_and_balanced(tell, classes):
    official = small_world_texts(tell, 1000)
    assert [len(part) for part in (official.train, official.validation, official.test)] == [1000, 200, 200]
    for part in (official.validation, official.test):
        assert len(places_seen(part, official.train, lambda example: example.text)) < 0.05 * len(part)
    for part in (official.train, official.test):
        counts = Counter(example.label for example in part)
        assert len(counts) == classes
        assert max(counts.values()) < 1.5 * len(part) / classes
    assert official.unlabelled() == []


def prepared(name: str):
    """The data set, where it lies on this machine."""
    import tensorflow_datasets as tfds

    if not tfds.builder(sources.LABELLED_TEXTS[name].builder).is_prepared():
        pytest.skip(f"{name} is not on this machine; TFDS_DATA_DIR names the folder it lies in")
    return load_labelled_texts(name)


@pytest.fixture(scope="module")
def imdb():
    return prepared("imdb")


@pytest.mark.real_data
def test_imdb_has_its_official_splits(imdb):
    assert imdb.source == "imdb_reviews/plain_text:1.0.0:label"
    for part in (imdb.train, imdb.test):
        assert Counter(example.label for example in part) == {"neg": 12_500, "pos": 12_500}
    assert imdb.validation is None


@pytest.mark.real_data
def test_imdb_s_splits_share_what_is_known(imdb):
    found = overlaps({"train": imdb.train, "test": imdb.test}, lambda example: example.text)
    assert found == {"train: surplus copies": 96, "test: surplus copies": 199, "test: also in train": 123}
    splits = make_splits(imdb, lambda example: example.text)
    assert len(splits.seen_in_train()) == 123
    assert not places_seen(splits.validation, splits.train, lambda example: example.text)


@pytest.mark.real_data
def test_imdb_s_unlabelled_texts_hold_none_of_test(imdb):
    unlabelled = imdb.unlabelled()
    assert not places_seen(unlabelled, imdb.test, lambda example: example.text)
    assert {example.label for example in unlabelled} == {None}
    assert 49_000 < len(unlabelled) < 50_000


@pytest.mark.real_data
def test_trec_has_its_classes_and_its_own_tokens():
    coarse, fine = prepared("trec"), prepared("trec_fine")
    assert [len(part) for part in (coarse.train, coarse.test)] == [5452, 500]
    assert Counter(example.label for example in coarse.test) == {
        "DESC": 138,
        "NUM": 113,
        "ENTY": 94,
        "LOC": 81,
        "HUM": 65,
        "ABBR": 9,
    }
    # TFDS knows 47 fine names: `desc` and `other` stand for several classes.
    assert len({example.label for example in fine.train}) == 50
    assert {example.label.partition(":")[0] for example in fine.train} == {example.label for example in coarse.train}
    assert coarse.source != fine.source
    for example in [*coarse.train, *coarse.test]:
        assert tokenize_cased(example.text) == example.text.split()


@pytest.mark.real_data
def test_trec_s_splits_share_what_is_known():
    found = overlaps({name: getattr(prepared("trec"), name) for name in ("train", "test")}, lambda each: each.text)
    assert found == {"train: surplus copies": 71, "test: also in train": 10}
