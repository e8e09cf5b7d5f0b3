"""Signs users in and out: `sign-in --help`."""
