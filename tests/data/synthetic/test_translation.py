"""Synthetic translations: correct in gender, case and word order, unlike a translation word by word."""

import re
from collections import Counter, defaultdict

import pytest

from data.synthetic import translation

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
"""Gender -> articles with the ending of an adjective."""

SIMPLE = r"(?!.*\b(?:[Bb]ecause|that|who)\b)"
PLAIN = r"(?!.*\b(?:[Bb]ecause|that|who|not|to|can|must)\b)"
"""Beginnings of patterns: for sentences with one clause, and with one plain verb."""

PARTICIPLE = r"(?:\w*ge\w+(?:t|en)|verkauft|repariert)"


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


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
    pattern = (
        r"\b(der|die|das|den|dem|ein|eine|einen|einem|einer) (?:(?!d\w\w |ein)[a-zäöüß]+?(er|es|en|e) )?([A-ZÄÖÜ]\w+)"
    )
    found = Counter()
    for pair in many_pairs:
        text = pair.target[0].lower() + pair.target[1:]
        for article, ending, noun in re.findall(pattern, text):
            allowed = PHRASES[GENDER_OF[noun]]
            assert any(article == phrase.split()[0] and ending in ("", phrase.split()[1]) for phrase in allowed), (
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
def test_english_patterns_have_german_patterns(english, german, many_pairs):
    found = [pair for pair in many_pairs if re.fullmatch(english, pair.source)]
    assert found
    for pair in found:
        assert re.fullmatch(german, pair.target), pair


def test_pronouns_agree_with_their_antecedents(many_pairs):
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


def test_a_translation_word_by_word_is_not_enough():
    train, test = translation(2000, seed=1), translation(500, seed=2)
    lexicon = dictionary(train)
    exact, shared, total = 0, 0, 0
    for pair in test:
        predicted = [lexicon[word] for word in words(pair.source.lower()) if word in lexicon]
        expected = words(pair.target.lower())
        exact += predicted == expected
        bigrams = Counter(zip(expected, expected[1:], strict=False))
        shared += (bigrams & Counter(zip(predicted, predicted[1:], strict=False))).total()
        total += bigrams.total()
    assert exact < 0.02 * len(test)
    assert 0.1 < shared / total < 0.4


def dictionary(train):
    """English word -> the German word with the highest Dice coefficient."""
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
