"""The kinds of refusal, without HTTP: rules subclass them, `core.http` gives them a status."""

from typing import ClassVar

from backend.core.languages import Language, Words


class Refusal(Exception):
    """A named "no" with a stable `code` and a sentence for people in three languages."""

    code: ClassVar[str]
    says: ClassVar[Words]

    def __init__(self, **values: object) -> None:
        super().__init__(self.code)
        self.values = values

    def sentence(self, language: Language) -> str:
        """Say it in `language`; a value that is itself `Words` is put into that language too."""
        values = {
            name: value.into(language) if isinstance(value, Words) else value
            for name, value in self.values.items()
        }
        return self.says.into(language, **values)


class Invalid(Refusal):
    """What was asked cannot be understood or breaks a rule of its own."""


class NotAllowed(Refusal):
    """Whoever asks may not do this."""


class NotFound(Refusal):
    """There is no such thing, or it is another's: the two must look alike."""

    code = "not_found"
    says = Words(
        "There is nothing here, or it is not yours.",
        "找不到這項資料，或這項資料不屬於你。",
        "找不到这项资料，或这项资料不属于你。",
    )


class Conflict(Refusal):
    """It would contradict what already stands."""


class Unavailable(Refusal):
    """Something that Ferry leans on does not answer now; trying again later may work."""
