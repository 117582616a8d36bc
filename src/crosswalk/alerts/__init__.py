"""Alerts: what stops everything or waits for a person is told once to mail, webhook or chat, and once more when it is over.

Read in this order: `causes` (what there is), `looking` (what is so now), `standing` (raised, cleared), `outbox` and `sending` (told), and
`watch`, which does all of it.
"""
