"""Who may do what: people, roles, sessions, invitations, API tokens."""
