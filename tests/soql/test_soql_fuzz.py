# chance is no secret here, and the statements are SOQL
"""No statement, however mangled, does anything but answer or be refused."""

import json
from pathlib import Path
from random import Random

import yaml

from localorg.errors import SalesforceError
from localorg.soql.tokens import tokenize

HERE = Path(__file__).parent
STATEMENTS = [
    case["query"] for file in sorted((HERE / "answers").glob("*.yaml")) for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
STATEMENTS += (HERE / "identity.soql").read_text(encoding="utf-8").splitlines()
TOKENS = {(token.kind, token.text) for statement in STATEMENTS for token in tokenize(statement)[:-1]}
WORDS = sorted(text for _, text in TOKENS)
LIKE_WORDS = {text: sorted(other for same, other in TOKENS if same is kind) for kind, text in TOKENS}
STRANGE = [
    "\x00",
    "\ud800",
    "'\ud83d'",
    "'\\u0000'",
    "'\\uDC00%'",
    "🙂",
    "\u2028",
    "{}",
    "{0}",
    "%s",
    "?",
    '"',
    "--",
    "/*",
    "9" * 400,
    "1e400",
    "-.5",
    "''",
    "'",
]
STRANGE += [
    "LAST_N_DAYS:999999999",
    "NEXT_N_YEARS:8000",
    "0000-00-00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31",
    "USD1",
    ":x",
    "x.y.z.a.b.c.d.e",
]


def outcome(org, statement, random):
    """Return whether a statement was answered; anything but an answer or a refusal raises."""
    try:
        answer = org.ask(statement, include_deleted=random.random() < 0.5)
    except SalesforceError:
        return False
    json.dumps(answer.records)
    return True


def mangled(random):
    """Return a good statement with a few tokens removed, doubled, replaced or exchanged."""
    tokens = [token.text for token in tokenize(random.choice(STATEMENTS))[:-1]]
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(tokens))
        match random.randrange(12):
            case 0 if len(tokens) > 1:
                del tokens[place]
            case 1:
                tokens.insert(place, tokens[place])
            case 2:
                tokens.insert(place, random.choice(WORDS + STRANGE))
            case 3:
                other = random.randrange(len(tokens))
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case 4:
                tokens[place] = random.choice(STRANGE)
            case 5:
                tokens[place] = random.choice(WORDS)
            case _:
                tokens[place] = random.choice(LIKE_WORDS.get(tokens[place], WORDS))
    return " ".join(tokens)


def test_random_words_never_break_it(org, examples):
    random = Random(20261120)
    for _ in range(examples(4_000, 50_000)):
        outcome(org, " ".join(random.choices(WORDS + STRANGE, k=random.randint(0, 25))), random)


def test_mangled_statements_never_break_it(org, examples):
    random = Random(20261121)
    answered = sum(outcome(org, mangled(random), random) for _ in range(examples(5_000, 75_000)))
    assert answered > 10  # so that some get past the parser


def test_random_letters_never_break_it(org, examples):
    random = Random(20261122)
    letters = "SELECT id from 'Lead' where <>=!()\\,.:;_%*0123456789-+\n\t\x00é"
    for _ in range(examples(2_000, 25_000)):
        outcome(org, "".join(random.choices(letters, k=random.randint(0, 80))), random)


def test_huge_statements_never_break_it(org):
    random = Random(20261123)
    for piece in [
        "(",
        "NOT ",
        "'",
        "\\",
        "SELECT ",
        "(SELECT ",
        "Id,",
        "a.",
        "Id = '' AND ",
        "COUNT(",
        "FORMAT(",
        "1",
        ",",
        "Name IN (SELECT ",
    ]:
        for prefix in ["", "SELECT ", "SELECT Id FROM Lead WHERE ", "SELECT Id FROM Lead WHERE Name IN (", "SELECT Id FROM Lead ORDER BY "]:
            outcome(org, (prefix + piece * 20_000)[:20_000], random)


def test_the_widest_statements_are_answered_or_refused(org):
    random = Random(20261124)
    texts = [
        "SELECT Id FROM Lead WHERE " + " OR ".join(["Name = 'x'"] * 6_000),
        "SELECT Id FROM Lead WHERE " + " AND ".join(["Owner.Type != 'x'"] * 4_000),
        "SELECT Id FROM Lead WHERE Name IN (" + ", ".join(["'x'"] * 19_000) + ")",
        "SELECT Id FROM Lead WHERE Score__c NOT IN (" + ",".join(map(str, range(15_000))) + ")",
        "SELECT Id FROM Lead ORDER BY " + ",".join(["Owner.Name"] * 8_000),
        "SELECT " + ",".join(f"COUNT(Id) c{number}" for number in range(5_000)) + " FROM Lead",
        "SELECT Id, " + ",".join(["(SELECT Id FROM CampaignMembers)"] * 25) + " FROM Lead",
    ]
    answered = [outcome(org, text, random) for text in texts]
    assert answered[2:4] == [True, True]
