"""Stage 4: what we remember about the org between turns. No Salesforce, only our database."""
