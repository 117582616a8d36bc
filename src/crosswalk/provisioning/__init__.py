"""Brings into an org what the presets need: declare it, compare with the org, show, apply, or write it as files for an admin's own tool.

    presets → declare → survey → plan → apply
                     ↘ source_format (files)

Definitions go through the Metadata API; the only records written are the assignment of the permission set and, where the admin allows it,
the member statuses of campaigns.
"""
