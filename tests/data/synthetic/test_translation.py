"""The synthetic data's German: correct in gender, case and word order, which no translation word by word can be."""

import hashlib
import re
from collections import Counter, defaultdict

import pytest

from data.synthetic import translation
from schema.errors import UserError

GENDERS = {
    "m": "Koch Kellner Fahrer Lehrer Sänger Tisch Stuhl Kessel Regenschirm Fisch Kuchen Salat Roman Brief",
    "f": "Frau Tante Mutter Lampe Gitarre Suppe Birne Zeitung Geschichte Küche Bibliothek Brücke Woche",
    "n": "Kind Mädchen Fahrrad Boot Brötchen Ei Gedicht Buch",
}
GENDER_OF = {noun: gender for gender, nouns in GENDERS.items() for noun in nouns.split()}

PHRASES = {
    "m": {"der e", "den en", "dem en", "ein er", "einen en", "einem en"},
    "f": {"die e", "der en", "eine e", "einer en"},
    "n": {"das e", "dem en", "ein es", "einem en"},
}
"""Gender -> article and ending of the adjective, as the grammar has them."""

SIMPLE = r"(?!.*\b(?:[Bb]ecause|that|who)\b)"
PLAIN = r"(?!.*\b(?:[Bb]ecause|that|who|not|to|can|must)\b)"
"""What a pattern begins with for sentences of one clause, and of one plain verb."""

PARTICIPLE = r"(?:\w*ge\w+(?:t|en)|verkauft|repariert)"


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_the_same_call_tells_the_same_on_every_machine():
    told = "\n".join(f"{pair.source} {pair.target}" for pair in translation(200, seed=7))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    # A change here makes every recorded score on the synthetic data another one.
    assert fingerprint == "167056fe325e650cebfd0914ec6449d36130bd4c82d97fc16900757d50f805f2"


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100, 1001])
def test_any_number_of_pairs_and_a_longer_list_begins_with_the_shorter_one(examples):
    assert translation(1200, seed=3)[:examples] == translation(examples, seed=3)


def test_negative_sizes_are_refused():
    with pytest.raises(UserError, match="below 0"):
        translation(-1, seed=1)


def test_seeds_tell_mostly_different_sentences():
    known = {pair.source for pair in translation(2000, seed=1)}
    assert sum(pair.source in known for pair in translation(500, seed=2)) < 0.05 * 500


def test_every_pair_is_well_formed(many_pairs):
    for pair in many_pairs:
        for text in (pair.source, pair.target):
            assert re.fullmatch(r"[A-ZÄÖÜ][a-zäöüß]*(?:,? [A-Za-zäöüÄÖÜß]+)+\.", text), text
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", pair.source.lower()), pair.source


def test_the_vocabularies_are_a_few_hundred_words():
    pairs = translation(2000, seed=1)
    for texts in ([pair.source for pair in pairs], [pair.target for pair in pairs]):
        assert 100 < len({word for text in texts for word in words(text.lower())}) < 300


def test_articles_and_adjectives_agree_with_their_nouns(many_pairs):
    phrase = (
        r"\b(der|die|das|den|dem|ein|eine|einen|einem|einer) (?:(?!d\w\w |ein)[a-zäöüß]+?(er|es|en|e) )?([A-ZÄÖÜ]\w+)"
    )
    found = Counter()
    for pair in many_pairs:
        text = pair.target[0].lower() + pair.target[1:]
        for article, ending, noun in re.findall(phrase, text):
            allowed = PHRASES[GENDER_OF[noun]]
            assert any(article == known.split()[0] and ending in ("", known.split()[1]) for known in allowed), (
                pair.target
            )
            found[bool(ending)] += 1
    assert min(found.values()) > 1000


@pytest.mark.parametrize(
    "english, german",
    [
        (rf"{PLAIN}.* calls .*", r".* ruft .* an\."),
        (rf"{PLAIN}.* invited .*", r".* hat .* eingeladen\."),
        (rf"{PLAIN}[\w ]+ saw the waiter\.", r".* hat (?:[\w ]+ )?den Kellner gesehen\."),
        (rf"{PLAIN}[\w ]+ gave the child the \w+\.", r".* hat (?:[\w ]+ )?dem Kind (?:den|die|das) \w+ gegeben\."),
        (rf"{SIMPLE}[\w ]+ does not sell the [\w ]+\.", r".* verkauft (?:[\w ]+ )?(?:den|die|das) [\w ]+ nicht\."),
        (rf"{SIMPLE}[\w ]+ must [\w ]+ now\.", r".* muss jetzt .*en\."),
        (rf"{SIMPLE}Every morning [\w ]+ reads out .*", r"Jeden Morgen liest .* vor\."),
        (r"Yesterday .*", rf"Gestern hat (?:der|die|das|eine?) .* {PARTICIPLE}\."),
        (r".* that [\w ]+ throws away [^,]*", r".*, dass .* wegwirft\."),
        (r".* that [\w ]+ wants to [^,]*", r".*, dass .*en will\."),
        (r".* because it is \w+\.", r".*, weil (?:er|sie|es) \w+ ist\."),
        (r".* because [\w ]+ did not [^,]*", rf".*, weil .* nicht {PARTICIPLE} hat\."),
        (r"Because [\w ]+ helps [^,]*, [\w ]+\.", rf"Weil .* hilft, (?:hat .* {PARTICIPLE}|(?!hat )\w+ .*)\."),
        (r"The (?:\w+ )?cook who helped .*", r"Der (?:\w+ )?Koch, der (?:dem|der|einem|einer) .* geholfen hat, .*"),
        (r"The (?:\w+ )?girl who .*", r"Das (?:\w+ )?Mädchen, das .*"),
        (r"The (?:\w+ )?aunt who .*", r"Die (?:\w+ )?Tante, die .*"),
        (rf"{PLAIN}[\w ]+ thanked the (?:\w+ )?woman\.", r".* hat (?:[\w ]+ )?der (?:\w+ )?Frau gedankt\."),
    ],
)
def test_the_german_is_what_a_reader_would_write(english, german, many_pairs):
    found = [pair for pair in many_pairs if re.fullmatch(english, pair.source)]
    assert found
    for pair in found:
        assert re.fullmatch(german, pair.target), pair


def test_it_agrees_with_what_it_stands_for(many_pairs):
    pronouns = {"m": "er", "f": "sie", "n": "es"}
    found = Counter()
    for pair in many_pairs:
        if match := re.search(r"([A-Z]\w+)(?: [a-z]+)*, weil (er|sie|es) ", pair.target):
            assert match[2] == pronouns[GENDER_OF[match[1]]], pair.target
            found[match[2]] += 1
    assert min(found.values()) > 100


@pytest.fixture(scope="module")
def many_pairs():
    return translation(9_000, seed=5)


def test_word_by_word_is_far_from_it():
    train, test = translation(2000, seed=1), translation(500, seed=2)
    usual = dictionary(train)
    whole, shared, pairs_of_words = 0, 0, 0
    for pair in test:
        told = [usual[word] for word in words(pair.source.lower()) if word in usual]
        expected = words(pair.target.lower())
        whole += told == expected
        pairs = Counter(zip(expected, expected[1:], strict=False))
        shared += (pairs & Counter(zip(told, told[1:], strict=False))).total()
        pairs_of_words += pairs.total()
    assert whole < 0.02 * len(test)
    assert 0.1 < shared / pairs_of_words < 0.4


def dictionary(train):
    """English word -> the German word that comes along with it most reliably (Dice coefficient)."""
    together, english, german = defaultdict(Counter), Counter(), Counter()
    for pair in train:
        sources, targets = set(words(pair.source.lower())), set(words(pair.target.lower()))
        english.update(sources)
        german.update(targets)
        for word in sources:
            together[word].update(targets)
    return {
        word: max(sorted(counts), key=lambda other: counts[other] / (english[word] + german[other]))
        for word, counts in together.items()
    }
