"""Tokenizers on unusual texts."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.tokenization import TOKENIZERS, tokenize, tokenize_cased, tokenize_treebank, tokenize_tweets


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("It wasn't GOOD!<br />At all.", ["it", "was", "n't", "good", "!", "at", "all"]),
        ("Don't, can't, won't", ["do", "n't", "ca", "n't", "wo", "n't"]),
        ("It isn’t Anna’s film", ["it", "is", "n't", "anna", "'s", "film"]),
        ("good<br>bad<BR/>ugly<br  />end", ["good", "bad", "ugly", "end"]),
        ("why?! oh... 10/10!!", ["why", "?!", "oh", "10", "10", "!!"]),
        ("a\0b", ["a", "b"]),
        ("so 😀 good 👍🏽", ["so", "😀", "good", "👍🏽"]),
        ("👨‍👩‍👧🇩🇪🇫🇷❤️1️⃣", ["👨‍👩‍👧", "🇩🇪", "🇫🇷", "❤️", "1️⃣"]),
        ("C++, C#, A+ and $5", ["c++", "c#", "a", "+", "and", "$", "5"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("مُحَمَّد كِتَاب", ["مُحَمَّد", "كِتَاب"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("İyi ISIR I\u0307yi", ["iyi", "isir", "iyi"]),
        ("我喜欢abc狗。好！", ["我", "喜", "欢", "abc", "狗", "好", "！"]),
        ("カメラ", ["カ", "メ", "ラ"]),
        ("กำลังแม่", ["กำ", "ลั", "ง", "แ", "ม่"]),
        ("ລາວ ភាសា", ["ລ", "າ", "ວ", "ភា", "សា"]),
        ("한국어 좋아요", ["한국어", "좋아요"]),
        ("cafe\u0301 na\u00efve", ["café", "naïve"]),
        ("Straße ÉCOLE Žena", ["strasse", "école", "žena"]),
        ("next\u0085line\u2028here\ttoo\r\n", ["next", "line", "here", "too"]),
        ("日本 фильм", ["日", "本", "фильм"]),
        ("", []),
        (" ...\n", []),
    ],
)
def test_known_tokens(text, tokens):
    assert tokenize(text) == tokens


@settings(deadline=None)
@given(st.text())
def test_composed_and_decomposed_letters_give_the_same_tokens(text):
    assert tokenize(unicodedata.normalize("NFD", text)) == tokenize(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@settings(deadline=None)
@given(text=st.text())
def test_no_token_is_empty_or_contains_white_space(tokenizer, text):
    # Vocabularies and n-grams are saved as lines with spaces and tabs between words.
    assert all(token and token.split() == [token] for token in TOKENIZERS[tokenizer](text))


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("What's the U.S. capital?", ["What", "'s", "the", "U.S.", "capital", "?"]),
        ('He didn’t say "no" (did he?).', ["He", "did", "n't", "say", '"', "no", '"', "(", "did", "he", "?", ")", "."]),
        ("東京タワー is 好😀.", ["東", "京", "タ", "ワ", "ー", "is", "好", "😀", "."]),
        ("caf\u00e9 cafe\u0301 isn’t हिन्दी", ["café", "café", "is", "n't", "हिन्दी"]),
        ("It's over.", ["It", "'s", "over", "."]),
        ("in the 1960's", ["in", "the", "1960's"]),
        ("a\ud800b", ["a", "\ufffd", "b"]),
        ("", []),
    ],
)
def test_known_tokens_with_case(text, tokens):
    assert tokenize_cased(text) == tokens


@pytest.mark.parametrize(
    "text", ["What 's  U.S. slang ?\n", "What is `` Ms. '' short for ?", "10-?? of it , -LRB- 1960's -RRB- ? !"]
)
def test_a_tokenized_text_is_split_only_at_spaces(text):
    assert tokenize_cased(text) == text.split()


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("@colgo", ["@", "colgo"]),
        ("RT @Ann_Lee: it's @bob's cat.", ["RT", "@", "Ann_Lee", ":", "it", "'s", "@", "bob", "'s", "cat", "."]),
        ("@ann@bob", ["@", "ann@bob"]),
        ("write to me@home.org", ["write", "to", "me@home.org"]),
        ("5 @ 3 @ ann", ["5", "@", "3", "@", "ann"]),
        ("#go @東京 😀", ["#go", "@", "東", "京", "😀"]),
        ("a first-quarter win, dont", ["a", "first-quarter", "win", ",", "dont"]),
        ('$5,000!" @ann’s', ["$", "5,000", "!", '"', "@", "ann", "’s"]),
        ("", []),
        ("(@ann) and @@bob", ["(", "@", "ann", ")", "and", "@", "@", "bob"]),
    ],
)
def test_the_sign_of_a_mention_is_a_separate_token(text, tokens):
    assert tokenize_tweets(text) == tokens


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii")))
def test_the_fast_pattern_for_ascii_finds_the_tokens_of_the_other(text):
    assert tokenize(text) == [token for token in tokenize(f"{text} é") if token != "é"]


@pytest.mark.parametrize(
    "text, tokens",
    [
        ('He said "no!", "why?".', ["He", "said", '"', "no", "!", '"', ",", '"', "why", "?", '"', "."]),
        ("(the U.S. market).", ["(", "the", "U.S.", "market", ")", "."]),
        ("$5,000 or 10%: £3.50", ["$", "5,000", "or", "10", "%", ":", "£", "3.50"]),
        ("It's Ann’s; they don't, can’t", ["It", "'s", "Ann", "’s", ";", "they", "do", "n't", ",", "ca", "n’t"]),
        ("I cannot, gonna", ["I", "can", "not", ",", "gon", "na"]),
        ("a 5-year-old e-mail, and/or", ["a", "5", "-", "year", "-", "old", "e-mail", ",", "and", "/", "or"]),
        ("Dr. No. I saw. He left", ["Dr.", "No.", "I", "saw", ".", "He", "left"]),
        ("see http://a.org/b?c=d, me@home.org :)", ["see", "http://a.org/b?c=d", ",", "me@home.org", ":)"]),
        ("on 11/28/2000 at 5:30pm... why?!", ["on", "11/28/2000", "at", "5:30", "pm", "...", "why", "?!"]),
        ("cafe\u0301 हिन्दी。東京👍🏽", ["cafe\u0301", "हिन्दी", "。", "東", "京", "👍🏽"]),
        ("O'Neil's AT&T", ["O'Neil", "'s", "AT&T"]),
        ("a\ud800b", ["a", "\ufffd", "b"]),
        ("", []),
    ],
)
def test_known_tokens_of_a_treebank(text, tokens):
    assert tokenize_treebank(text) == tokens


@pytest.mark.parametrize("tokenizer", [tokenize_treebank, tokenize_tweets])
@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_character_of_a_tagged_text_is_lost_or_changed(tokenizer, text):
    assert "".join(tokenizer(text)) == "".join(text.split())
