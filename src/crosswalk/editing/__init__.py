"""What admins edit in the console and over the API: syncs and their mappings, with samples, checks and versions."""
