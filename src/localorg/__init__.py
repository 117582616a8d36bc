"""A Salesforce-compatible org in one process."""
