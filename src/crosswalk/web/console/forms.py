"""Reading what a form sends, into a model, with a sentence for each field that does not fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from crosswalk.errors import CrosswalkError, MappingError, RequestRefused
from crosswalk.web import answers

Model = TypeVar("Model", bound=BaseModel)

_SENTENCES = {
    "missing": "Fill this in.",
    "string_too_short": "Fill this in.",
    "string_too_long": "This is too long.",
    "enum": "Choose one of the list.",
    "int_parsing": "Enter a whole number.",
    "string_pattern_mismatch": "This does not have the form that is needed.",
}


@dataclass(frozen=True, slots=True)
class Filled(Generic[Model]):
    """A form as it came: the model when everything fits, else the sentence of each field that does not."""

    values: Mapping[str, str]
    model: Model | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


async def values(request: Request) -> dict[str, str]:
    """Return the text fields of a form; of a repeated one the last."""
    form = await request.form()
    return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}


async def several(request: Request, name: str) -> Sequence[str]:
    """Return every value of a repeated field."""
    form = await request.form()
    return [value for value in form.getlist(name) if not isinstance(value, UploadFile)]


async def read(request: Request, model: type[Model]) -> Filled[Model]:
    """Read a form into a model; an empty text counts as not entered."""
    given = await values(request)
    entered = {name: value for name, value in given.items() if name in model.model_fields and value != ""}
    try:
        return Filled(given, model.model_validate(entered))
    except ValidationError as error:
        return Filled(given, None, {str(one["loc"][0]): _sentence(one["type"], one["msg"]) for one in error.errors() if one["loc"]})


def from_address(model: type[Model], given: Mapping[str, str]) -> Model:
    """Read a filter from an address; what does not fit counts as not given, because addresses are typed and shared."""
    fitting = {name: given[name] for name in model.model_fields if given.get(name) and "\x00" not in given[name]}
    try:
        return model.model_validate(fitting)
    except ValidationError as error:
        wrong = {str(one["loc"][0]) for one in error.errors()}
        return model.model_validate({name: value for name, value in fitting.items() if name not in wrong})


def refused(values: Mapping[str, str], error: CrosswalkError) -> Filled[Model]:
    """Return a form with the refusal of a service at the field it names, or for the form as a whole."""
    place = error.facts.get("field") if isinstance(error, RequestRefused) else None
    return Filled(values, None, {str(place or ""): error.sentence})


def errors(error: CrosswalkError) -> dict[str, str]:
    """Return what is wrong with a form, by field; what concerns it as a whole is at the empty name."""
    if isinstance(error, MappingError):
        return {one.place.rpartition(".")[2]: one.sentence for one in error.problems}
    place = error.facts.get("field")
    return {place if isinstance(place, str) else "": error.sentence}


def status(error: CrosswalkError) -> int:
    """Return the status with which a form that was refused is shown again."""
    return answers.status_for_people(error)


def _sentence(kind: str, message: str) -> str:
    return _SENTENCES.get(kind) or f"{message.removeprefix('Value error, ').rstrip('.').capitalize()}."
