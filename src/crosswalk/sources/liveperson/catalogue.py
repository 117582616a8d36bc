"""Every value of a conversation that a mapping can pick: LivePerson's own list of values, and the questions of one account.

The standard questions of a survey have a place of their own in the widget only; in the history they are found by what they are called.
"""

from collections.abc import Iterable, Iterator

from crosswalk.model import Attribute, SourceType
from crosswalk.sources.liveperson import attribute_values, conversation_values
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.liveperson.ways import SAME, Group

T = SourceType

_ASKED = Group("Surveys")
_STANDARD = {
    "name": ("Pre-Chat Survey Visitor Name", T.TEXT, "consumerParticipants.firstName"),
    "email": ("Pre-Chat Survey Visitor Email", T.EMAIL, "consumerParticipants.email"),
    "phone": ("Pre-Chat Survey Visitor Phone", T.PHONE, "consumerParticipants.phone"),
}
_SURVEYS = {
    "prechat": ("Pre-chat answer", "surveyQuestions.preChat.customizedQuestions", "surveys.preChat"),
    "postchat": ("Post-chat answer", "surveyQuestions.postChat", "surveys.postChat"),
    "agent_survey": ("Agent survey answer", "surveyQuestions.agentSurvey", "surveys.operator"),
}


def attributes(settings: LivePersonSettings) -> tuple[Attribute, ...]:
    """Return the fixed attributes, then the standard questions and those found in the account."""
    standard = {"name": settings.name_question, "email": settings.email_question, "phone": settings.phone_question}
    asked = tuple(
        _ASKED.value(
            f"prechat_{key}",
            label,
            kind,
            (f"surveyQuestions.preChat.{key}.value", f"surveys.preChat[displayName={_quoted(standard[key])}].value", SAME, messaging),
        )
        for key, (label, kind, messaging) in _STANDARD.items()
    )
    questions = {"prechat": settings.prechat_questions, "postchat": settings.postchat_questions, "agent_survey": settings.agent_questions}
    return (
        *conversation_values.VALUES,
        *attribute_values.VALUES,
        *asked,
        *(attribute for survey, found in questions.items() for attribute in _answers(survey, found)),
    )


def _answers(survey: str, questions: Iterable[str]) -> Iterator[Attribute]:
    label, widget, history = _SURVEYS[survey]
    for question in dict.fromkeys(questions):
        chosen = f"[displayName={_quoted(question)}].value"
        yield _ASKED.value(f"{survey}.{question}", f'{label} "{question}"', T.TEXT, (widget + chosen, history + chosen, "", ""))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
