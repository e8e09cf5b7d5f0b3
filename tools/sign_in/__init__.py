"""Who calls the APIs: `python -m tools.sign_in --help`."""
