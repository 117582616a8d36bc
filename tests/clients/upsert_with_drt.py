"""Upserts five leads with drt-core's Bulk 2 destination and prints how many went well and why the others did not."""

import json
import os

from drt.config.models import SalesforceBulkDestinationConfig, SyncOptions
from drt.destinations.salesforce_bulk import SalesforceBulkDestination

config = SalesforceBulkDestinationConfig(
    type="salesforce_bulk",
    instance_url=os.environ["ORG_URL"],
    object_name="Lead",
    operation="upsert",
    external_id_field="Key__c",
    client_id_env="ORG_CLIENT_ID",
    client_secret_env="ORG_CLIENT_SECRET",  # the name of a variable
    username_env="ORG_USER",
    password_env="ORG_PASSWORD",  # the name of a variable
)
destination = SalesforceBulkDestination()
rows = [{"Key__c": f"key-{number}", "LastName": f"Berg {number}", "Company": "" if number == 2 else "Acme"} for number in range(5)]
destination.stage(rows, config, SyncOptions())
result = destination.finalize(config, SyncOptions())
print(json.dumps([result.success, [error.error_message for error in result.row_errors]]))  # noqa: T201
