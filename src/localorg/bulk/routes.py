"""The resources of Bulk API 2.0: kind, pattern of the path, and what each method does."""

from collections.abc import Callable, Mapping

from localorg.api_call import ApiCall
from localorg.bulk import ingest, queries
from localorg.requests import Reply

Handler = Callable[[ApiCall], Reply]

ROUTES: tuple[tuple[str, str, Mapping[str, Handler]], ...] = (
    ("ingestJobs", r"/jobs/ingest", {"GET": ingest.every, "POST": ingest.create}),
    ("ingestJob", r"/jobs/ingest/(?P<job>\w+)", {"GET": ingest.show, "PATCH": ingest.change, "DELETE": ingest.remove}),
    ("ingestUpload", r"/jobs/ingest/(?P<job>\w+)/batches", {"PUT": ingest.upload}),
    ("ingestResults", r"/jobs/ingest/(?P<job>\w+)/successfulResults", {"GET": ingest.successful}),
    ("ingestResults", r"/jobs/ingest/(?P<job>\w+)/failedResults", {"GET": ingest.failed}),
    ("ingestResults", r"/jobs/ingest/(?P<job>\w+)/unprocessed[Rr]ecords", {"GET": ingest.unprocessed}),
    ("queryJobs", r"/jobs/query", {"GET": queries.every, "POST": queries.create}),
    ("queryJob", r"/jobs/query/(?P<job>\w+)", {"GET": queries.show, "PATCH": queries.change, "DELETE": queries.remove}),
    ("queryResults", r"/jobs/query/(?P<job>\w+)/results", {"GET": queries.results}),
)
