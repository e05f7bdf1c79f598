"""The command line: a thin door. Knows flags, joins the rooms and shows what comes back; has no rules of its own."""
