"""Every record of the org as JSON lines, in an order that depends on the records alone: equal orgs give equal bytes."""

import json

from localorg.org import Org


def lines(org: Org) -> str:
    """Return one line per record, deleted ones included, objects and ids in order."""
    shown = []
    for each in org.schema.objects():
        sql = f'SELECT * FROM "{each.name}" ORDER BY "Id"'  # noqa: S608  # from the schema
        names = [column.name for column in each.columns]
        for row in org.connection.execute(sql):
            record = {"object": each.name, **{name: row[name] for name in names if row[name] is not None}}
            shown.append(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
    return "".join(line + "\n" for line in shown)
