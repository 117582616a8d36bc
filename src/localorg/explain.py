"""`/query?explain=`: how a statement would be run. The statement is compiled and run, so that a wrong one is refused as ever."""

import re

from localorg.api_call import ApiCall
from localorg.requests import Reply
from localorg.soql import answer
from localorg.soql.parser import parse

_WHERE = re.compile(r"\bWHERE\b(.*)", re.IGNORECASE | re.DOTALL)


def run(call: ApiCall) -> Reply:
    """Return the plans of a statement: an index when its condition names an indexed field, a scan of the table always."""
    text, transaction = call.request.query["explain"], call.transaction
    found = answer.run(transaction.connection, transaction.schema, text, include_deleted=False, now=transaction.now)
    object_type = transaction.object(parse(text).source.path.parts[0])
    counted = transaction.first(f'SELECT count(*) AS number FROM "{object_type.name}"')  # noqa: S608  # from the schema
    size = int(counted["number"]) if counted is not None else 0
    condition = _WHERE.search(text)
    words = {word.lower() for word in re.findall(r"\w+", condition[1])} if condition else set()
    indexed = [
        each.name for each in object_type.columns if each.name.lower() in words and (each.id_lookup or each.external_id or each.unique)
    ]
    common = {"cardinality": found.total_size, "notes": [], "sobjectCardinality": size, "sobjectType": object_type.name}
    plans = [{**common, "fields": indexed, "leadingOperationType": "Index", "relativeCost": 0.1}] if indexed else []
    plans.append({**common, "fields": [], "leadingOperationType": "TableScan", "relativeCost": 0.5 if size else 0.0})
    return Reply(200, {"plans": plans, "sourceQuery": text})
