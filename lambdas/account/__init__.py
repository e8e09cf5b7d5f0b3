"""One's own data: a copy of everything that the stage keeps about a person, and its deletion."""
