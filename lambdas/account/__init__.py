"""One's own data: a copy of everything that the stage keeps about a person, and its deletion."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
