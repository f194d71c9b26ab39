"""Which column of a table has which role: by the names in a header, by flags, or by the order."""

from collections.abc import Mapping, Sequence

from schema.errors import UserError

NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        *("text", "review", "sentence", "question", "tweet", "comment", "document", "article", "message", "content"),
        *(
            "body",
            "post",
            "sms",
            "description",
            "statement",
            "abstract",
            "query",
            "utterance",
            "phrase",
            "word",
            "token",
        ),
        *("form", "title", "headline", "input"),
    ),
    "label": (
        *("label", "class", "sentiment", "category", "topic", "tag", "polarity", "intent", "emotion", "upos"),
        *("class_index", "genre", "rating", "stars", "score", "target", "output"),
    ),
    "source": (
        *("source", "src", "input", "text", "document", "article", "email", "body", "content", "message", "sentence"),
        *("question", "word"),
    ),
    "target": (
        *("target", "tgt", "translation", "summary", "subject", "headline", "title", "highlights", "output"),
        *("reference", "answer", "label"),
    ),
    "image": ("image", "image_name", "filename", "file_name", "file", "path", "photo", "picture"),
    "caption": ("caption", "description", "comment", "sentence", "text"),
}
"""Role of a column -> the names that it may have in a header, the likeliest first. A plural counts too."""

LANGUAGES = ("en", "de", "fr", "es", "it", "english", "german", "french", "spanish", "italian", "deutsch")
"""Names of columns whose role follows from their order."""

OTHERS = (
    "",
    "id",
    "idx",
    "index",
    "number",
    "split",
    "date",
    "language",
    "image_id",
    "tweet_id",
    "user",
    "comment_number",
)
"""Names of columns without a role."""

_HEADER_NAMES = {*(name for names in NAMES.values() for name in names), *LANGUAGES, *OTHERS}


def is_header(cells: Sequence[str], names: Sequence[str] = ()) -> bool:
    """Whether a row is a header: two cells or more that are all on the lists above, or one of `names` among them."""
    plain = [_plain(cell) for cell in cells]
    listed = all(name in _HEADER_NAMES or name.removesuffix("s") in _HEADER_NAMES for name in plain)
    return len(cells) > 1 and any(plain) and (listed or any(_plain(name) in plain for name in names))


def by_name(role: str, header: Sequence[str]) -> int | None:
    """Index of the column with the likeliest name of a role. Raises UserError if two columns have this name."""
    plain = [_plain(cell) for cell in header]
    for name in NAMES[role]:
        found = [index for index, cell in enumerate(plain) if name in (cell, cell.removesuffix("s"))]
        if len(found) > 1:
            raise UserError(f"{len(found)} columns are named {header[found[0]]!r}; number one with --{role}-column")
        if found:
            return found[0]
    return None


def assign_columns(
    roles: Sequence[str], first: Sequence[str], has_header: bool, given: Mapping[str, str]
) -> dict[str, int]:
    """Role -> index of its column. Raises UserError if the file does not say it.

    first: the first row, which is the header if there is one
    given: role -> name or number of its column, from flags
    """
    found = {role: _given_column(role, first, given[role]) for role in roles if role in given}
    if has_header:
        for role in roles:
            index = None if role in found else by_name(role, first)
            if index is not None and index not in found.values():
                found[role] = index
    missing = [role for role in roles if role not in found]
    free = _free_columns(first, has_header, set(found.values()))
    if missing and (len(free) < len(missing) or (has_header and len(free) > len(missing))):
        raise UserError(f"no column for the {missing[0]} among {_listed(first)}; name it with --{missing[0]}-column")
    found.update(zip(missing, free, strict=False))
    return {role: found[role] for role in roles}


def _free_columns(first: Sequence[str], has_header: bool, taken: set[int]) -> list[int]:
    """Columns that may have a role that no name decides."""
    return [
        index for index, cell in enumerate(first) if index not in taken and not (has_header and _plain(cell) in OTHERS)
    ]


def _given_column(role: str, first: Sequence[str], column: str) -> int:
    plain = [_plain(cell) for cell in first]
    if column.isdecimal():
        index = int(column) - 1
    else:
        index = plain.index(_plain(column)) if plain.count(_plain(column)) == 1 else -1
    if not 0 <= index < len(first):
        raise UserError(f"--{role}-column is {column!r}; it must be one of {_listed(first)}, or a number")
    return index


def _listed(first: Sequence[str]) -> str:
    return ", ".join(repr(cell if len(cell) < 50 else f"{cell[:50]}...") for cell in first)


def _plain(cell: str) -> str:
    """A name without its case, its quotation marks, and the kind of its spaces."""
    return "_".join(cell.strip(" \t\"'").casefold().replace("-", " ").replace("_", " ").split())
