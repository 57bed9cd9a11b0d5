"""The catalogue of everything the assistant itself says, in every language it speaks.

Texts are data (`texts/<lang>.yml`, flat `key: text`); this module loads them once, checks them, and fills them in.
Two kinds of placeholder exist: `{name}`, given by the caller, and `{phone:key}`, looked up in `knowledge/phones.yml`
so that a telephone number stands in one place only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import yaml

Direction = Literal["ltr", "rtl"]

FALLBACK: Final = ("en", "sv")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)(?::([a-z0-9-]+))?\}")

# Unicode isolates (UAX #9). Without them "031-365 00 00" is shown as "00 00 365-031" inside Arabic, and a Latin name
# drags the punctuation around it to the wrong side.
_LEFT_TO_RIGHT_ISOLATE: Final = "\u2066"
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


class TextsInvalid(ValueError):
    """The files of the catalogue contradict each other or cannot be read; the start must stop."""


class UnknownText(KeyError):
    """A key that no language has."""


class MissingParameter(ValueError):
    """A text needs a parameter that the caller did not give."""


@dataclass(frozen=True)
class Language:
    """A language the assistant speaks.

    Attributes:
        code: ISO 639-1 code, the stem of the file in `texts/`.
        name: The language's own name for itself.
        dir: Writing direction.
        greeting: Whether the greeting offers it as a button; fifteen would bury the greeting.
    """

    code: str
    name: str
    dir: Direction
    greeting: bool = False


def parameters(text: str) -> frozenset[str]:
    """Placeholders of a text, in the form `name` or `phone:key`.

    Args:
        text: A text of the catalogue.

    Returns:
        The placeholders without braces.
    """
    return frozenset(f"{match[1]}:{match[2]}" if match[2] is not None else match[1] for match in _PLACEHOLDER.finditer(text))


def _read_texts(path: Path) -> dict[str, str]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TextsInvalid(f"{path.name} is missing beside languages.yml, which lists its language") from error
    except yaml.YAMLError as error:
        raise TextsInvalid(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise TextsInvalid(f"{path.name} must be a flat list of `key: text`")
    for key, text in loaded.items():
        if not isinstance(key, str) or not isinstance(text, str) or not text.strip():
            raise TextsInvalid(f'{path.name}: {key!r} must have a text, for example `greet: "Hej!"`')
    return loaded


def _read_languages(path: Path) -> tuple[Language, ...]:
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    languages = []
    for row in rows:
        if row.get("dir") not in ("ltr", "rtl"):
            raise TextsInvalid(f"{path.name}: {row.get('code')!r} needs `dir: ltr` or `dir: rtl`")
        languages.append(Language(code=row["code"], name=row["name"], dir=row["dir"], greeting=bool(row.get("greeting", False))))
    return tuple(languages)


def read_phone_numbers(path: Path) -> dict[str, str]:
    """Reads the telephone numbers texts may name.

    Args:
        path: `knowledge/phones.yml`.

    Returns:
        Number as written, by key.

    Raises:
        TextsInvalid: If an entry has no number.
    """
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    numbers = {}
    for key, row in rows.items():
        if not isinstance(row, dict) or not isinstance(row.get("number"), str):
            raise TextsInvalid(f'{path.name}: {key} needs a quoted number, for example `number: "031-365 00 00"`')
        numbers[key] = row["number"]
    return numbers


class Catalogue:
    """All texts in all languages. Immutable after loading, safe to share between tasks."""

    def __init__(
        self,
        languages: tuple[Language, ...],
        texts: Mapping[str, Mapping[str, str]],
        phones: Mapping[str, str],
    ) -> None:
        """Checks and keeps the texts.

        Args:
            languages: In the order they are offered.
            texts: By language code, then by key.
            phones: Telephone numbers by key, as they are written.

        Raises:
            TextsInvalid: If a text names a telephone number that does not exist.
        """
        self._languages = languages
        self._by_code = {language.code: language for language in languages}
        self._texts = texts
        self._phones = phones
        for code, by_key in texts.items():
            for key, text in by_key.items():
                for parameter in parameters(text):
                    kind, _, name = parameter.partition(":")
                    if name and (kind != "phone" or name not in phones):
                        raise TextsInvalid(f"{code}.yml: {key} names {{{parameter}}}, which phones.yml does not have")

    @classmethod
    def load(cls, directory: Path, phones_file: Path | None = None) -> "Catalogue":
        """Loads `languages.yml` and one file per language.

        Args:
            directory: The folder `texts/`.
            phones_file: The telephone numbers; `knowledge/phones.yml` beside `directory` when left out.

        Returns:
            The catalogue.

        Raises:
            TextsInvalid: If a file is missing, malformed, or names an unknown telephone number.
        """
        languages = _read_languages(directory / "languages.yml")
        phones = read_phone_numbers(phones_file or directory.parent / "knowledge" / "phones.yml")
        texts = {language.code: _read_texts(directory / f"{language.code}.yml") for language in languages}
        return cls(languages, texts, phones)

    def languages(self) -> tuple[Language, ...]:
        """Returns the languages, in the order they are offered."""
        return self._languages

    def direction(self, lang: str) -> Direction:
        """Writing direction of the text that `render` gives for this language.

        Args:
            lang: Language code; an unknown one gets the fallback's direction.

        Returns:
            `ltr` or `rtl`.
        """
        language = self._by_code.get(lang)
        return language.dir if language else "ltr"

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """Keys that exist, Swedish being the original.

        Args:
            prefix: Only keys that begin so, for example `widget.`.

        Returns:
            The keys in the order of the file.
        """
        return tuple(key for key in self._texts["sv"] if key.startswith(prefix))

    def language_of(self, key: str, lang: str) -> str:
        """Which language `render` would answer in, after the fallback lang → en → sv.

        Args:
            key: Key of the text.
            lang: The language asked for.

        Returns:
            A language code.

        Raises:
            UnknownText: If no language has the key.
        """
        for code in (lang, *FALLBACK):
            if key in self._texts.get(code, {}):
                return code
        raise UnknownText(key)

    def raw(self, key: str, lang: str) -> str:
        """The text with the caller's placeholders left in, telephone numbers filled in: for clients that render.

        Args:
            key: Key of the text.
            lang: The language asked for.

        Returns:
            A template.

        Raises:
            UnknownText: If no language has the key.
        """
        code = self.language_of(key, lang)
        return self._fill(self._texts[code][key], key, code, None)

    def render(self, key: str, lang: str, **params: object) -> str:
        """Writes a text.

        Args:
            key: Key of the text.
            lang: The language asked for; falls back to English, then Swedish.
            **params: Values of the placeholders; surplus ones are ignored.

        Returns:
            The finished text.

        Raises:
            UnknownText: If no language has the key.
            MissingParameter: If a placeholder has no value.
        """
        code = self.language_of(key, lang)
        return self._fill(self._texts[code][key], key, code, params)

    def _fill(self, text: str, key: str, code: str, params: Mapping[str, object] | None) -> str:
        isolate = self.direction(code) == "rtl"

        def value(match: re.Match[str]) -> str:
            name, phone = match[1], match[2]
            if phone is not None:
                number = self._phones[phone]
                return f"{_LEFT_TO_RIGHT_ISOLATE}{number}{_POP_ISOLATE}" if isolate else number
            if params is None:
                return match[0]
            if name not in params:
                raise MissingParameter(f"text {key} needs {name}")
            filled = str(params[name])
            # A whole number cannot be torn apart, so it needs no isolate (and stays easy to read in a log).
            if isolate and not filled.isdigit():
                return f"{_FIRST_STRONG_ISOLATE}{filled}{_POP_ISOLATE}"
            return filled

        return _PLACEHOLDER.sub(value, text)
