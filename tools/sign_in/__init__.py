"""Signs users in and out: `python -m tools.sign_in --help`."""
