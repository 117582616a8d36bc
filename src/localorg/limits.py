"""The org's allowances: the answer of `/limits` and the header on every call."""

from datetime import timedelta
from typing import Any

from localorg.api_call import ApiCall
from localorg.org import Org
from localorg.requests import Reply

_UNTOUCHED = {
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250000,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyStreamingApiEvents": 10000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "HourlyODataCallout": 1000,
    "MassEmail": 10,
    "SingleEmail": 15,
}


def show(call: ApiCall) -> Reply:
    """Return every allowance with what is left of it."""
    limits: dict[str, Any] = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
    most = call.org.settings.api_limit
    limits["DailyApiRequests"] = {"Max": most, "Remaining": max(0, most - reported_used(call.org))}
    return Reply(200, dict(sorted(limits.items())))


def header(org: Org) -> str:
    """Return the value of `Sforce-Limit-Info`."""
    return f"api-usage={reported_used(org)}/{org.settings.api_limit}"


def reported_used(org: Org) -> int:
    """Return the calls the org admits to; it may lag behind the true number."""
    return org.calls.used_as_of(org.clock.now(), timedelta(seconds=org.settings.limit_info_lag_seconds))
