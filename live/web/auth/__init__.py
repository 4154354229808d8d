"""Who may look and who may act: links, passwords, second factors, sessions, keys."""
