"""Properties that all generators of synthetic data share."""

import hashlib
from collections.abc import Callable, Sequence

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.synthetic import (
    entities,
    headlines,
    images,
    sentiment,
    tagged_sentences,
    topic,
    translation,
    word_class,
)
from schema.errors import UserError
from schema.examples import CaptionedImage, Example, LabelledText, TaggedSentence, TextPair

Generate = Callable[..., Sequence[Example]]

# A change here changes every recorded score on the synthetic data. Recorded with Python 3.11, 3.12 and 3.13.
FINGERPRINTS: dict[Generate, str] = {
    entities: "eb1c614decf93ef70128eeb2aec2c02006b0896495a8545829fc89145941f5a9",
    headlines: "5deb86258a5f2e35f830a3174d06339be5c83694d27dc6423b8be0dc7c1e5fcd",
    images: "f69765af736512a6929d80aaf7353e8bdacaa6014343a75502288b1ff53400a6",
    sentiment: "fedf9fae6e439e70e403dac08f498978e7d4f3d2562adc8a5a78576d62477dd1",
    tagged_sentences: "0a5c0ed08c88a3d899d98ba67ee239071738341049c764dc2dd8078ded891c79",
    topic: "891d2b327f1168844e9c9d80926a1fdbb8d8f079ed7c47991b079c41d8400321",
    translation: "167056fe325e650cebfd0914ec6449d36130bd4c82d97fc16900757d50f805f2",
    word_class: "851d1d655a30a1bdae8fcec549c39f3b09532d9a4817268010b4ffd9f20beb23",
}


def as_text(example: Example) -> str:
    match example:
        case LabelledText(text, label):
            return f"{label} {text}"
        case TaggedSentence(words, tags):
            return " ".join(words + tags)
        case TextPair(source, target):
            return f"{source} {target}"
        case CaptionedImage():
            # Without the pixels, whose edges depend on Pillow; other tests check them.
            return "\n".join(example.captions)
    raise TypeError(example)


@pytest.mark.parametrize("generate", FINGERPRINTS)
def test_a_seed_gives_the_same_examples_on_every_machine(generate: Generate) -> None:
    text = "\n".join(map(as_text, generate(200, seed=7)))
    assert hashlib.sha256(text.encode()).hexdigest() == FINGERPRINTS[generate]


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100, 1001])
@pytest.mark.parametrize("generate", [generate for generate in FINGERPRINTS if generate is not images])
def test_a_shorter_list_is_the_beginning_of_a_longer_one(generate: Generate, examples: int) -> None:
    assert generate(1200, seed=3)[:examples] == generate(examples, seed=3)


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100])
def test_a_shorter_list_of_images_is_the_beginning_of_a_longer_one(examples: int) -> None:
    assert images(120, seed=3)[:examples] == images(examples, seed=3)


@pytest.mark.parametrize("generate", FINGERPRINTS)
def test_a_negative_number_of_examples_is_an_error(generate: Generate) -> None:
    with pytest.raises(UserError, match="below 0"):
        generate(-1, seed=1)


@pytest.mark.parametrize("generate", [sentiment, topic])
def test_a_negative_distance_is_an_error(generate: Generate) -> None:
    with pytest.raises(UserError, match="below 0"):
        generate(10, seed=1, distance=-1)


@pytest.mark.parametrize(
    ("generate", "seeds", "max_shared"),
    [
        (entities, (1, 2), 0.2),
        (headlines, (1, 2), 0.002),
        (sentiment, (1, 2), 0.03),
        (sentiment, (0, 1), 0.03),
        (sentiment, (-1, 1), 0.03),
        (tagged_sentences, (1, 2), 0.2),
        (translation, (1, 2), 0.05),
    ],
)
def test_seeds_give_mostly_different_examples(generate: Generate, seeds: tuple[int, int], max_shared: float) -> None:
    one, other = seeds
    known = {example.key for example in generate(2000, seed=one)}
    assert sum(example.key in known for example in generate(500, seed=other)) < max_shared * 500


@pytest.mark.parametrize(
    ("generate", "features", "train_size", "test_size", "low", "high"),
    [
        (sentiment, CountVectorizer(), 2000, 1000, 0.5, 0.8),
        (topic, CountVectorizer(), 4000, 1000, 0.4, 0.6),
        (word_class, CountVectorizer(analyzer="char", lowercase=False), 2000, 500, 0.6, 0.85),
    ],
)
def test_a_bag_of_words_or_letters_is_not_enough(
    generate: Callable[..., list[LabelledText]],
    features: CountVectorizer,
    train_size: int,
    test_size: int,
    low: float,
    high: float,
) -> None:
    train, test = generate(train_size, seed=1), generate(test_size, seed=2)
    counts = features.fit_transform([example.text for example in train])
    model = LogisticRegression(max_iter=1000).fit(counts, [example.label for example in train])
    accuracy = model.score(features.transform([example.text for example in test]), [example.label for example in test])
    assert low < accuracy < high
