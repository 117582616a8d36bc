"""Stage 6: the only code that speaks to Salesforce."""
