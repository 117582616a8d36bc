"""Survey questions that were reworded: the row that looks for the old words is named, with the nearest new ones."""

import pytest

from crosswalk.mapping import document, paths, questions
from crosswalk.model import Attribute, SourceType

ASKED = "surveys.preChat[displayName=What is your Account Number?].value"
WIDGET = "surveyQuestions.preChat.customizedQuestions[displayName=What is your Account Number?].value"


def mapping(entry):
    rows = [{"field": "Account_Number__c", "entry": entry}, {"field": "Name", "entry": {"value": "x"}}]
    return document.parse({"source": "liveperson", "steps": [{"name": "transcript", "object": "T__c", "once_per": "entity", "rows": rows}]})


def chat(*names):
    return {"surveys": {"preChat": [{"displayName": name, "value": "x"} for name in names]}}


def found(entry, *payloads, catalogue=()):
    return [(one.place, one.sentence) for one in questions.gone(mapping(entry), catalogue, payloads)]


@pytest.mark.shows("LP-100")
def test_a_reworded_question_names_the_row_and_the_nearest_new_one():
    ((place, sentence),) = found({"attribute": [WIDGET, ASKED]}, chat("What is your account no.?", "Size?"), chat())
    assert ("transcript.Account_Number__c", True) == (place, 'The nearest asked now is "What is your account no.?"' in sentence)


@pytest.mark.shows("LP-100")
@pytest.mark.parametrize(
    "payloads",
    [(), (chat(),), ({},), (None,), (chat("Size?"), chat("What is your Account Number?")), ({"surveys": "text"},)],
    ids=["no events", "no answers", "no surveys", "no payload", "asked once", "something else"],
)
def test_nothing_is_said_while_the_question_is_asked_or_nothing_is(payloads):
    assert [] == found({"attribute": ASKED}, *payloads)


def test_a_question_in_the_catalogue_is_looked_for_too():
    question = Attribute("prechat.Account", "Account", SourceType.TEXT, (ASKED,))
    assert 1 == len(found({"attribute": "prechat.Account"}, chat("Size?"), catalogue=[question]))


def test_a_question_in_a_formula_is_looked_for_too():
    question = Attribute("account", "Account", SourceType.TEXT, (ASKED,))
    assert 1 == len(found({"formula": "UPPER({account})"}, chat("Size?"), catalogue=[question]))


def test_what_the_system_itself_names_is_no_question():
    path = "sdes.events[sdeType=LEAD].lead.lead.topic"
    assert [] == found({"attribute": path}, {"sdes": {"events": [{"sdeType": "CUSTOMER_INFO"}]}})


class Counted(dict):
    """An object that counts how often it is asked."""

    asked = 0

    def get(self, name, default=None):
        Counted.asked += 1
        return super().get(name, default)


@pytest.mark.parametrize("path", ["a.a.a.a.b", "a[b=x].a.a.b", "a.a[b=x][0].b"])
@pytest.mark.parametrize("width", [10, 20, 40])
def test_reading_takes_time_in_proportion_to_the_payload(path, width):
    Counted.asked = 0
    leaves = [Counted(a=[Counted(a=[Counted(a="x")])]) for _ in range(width)]
    paths.compile(path)(Counted(a=[leaves, [leaves]]))
    assert Counted.asked <= 2 * (1 + 6 * width)
