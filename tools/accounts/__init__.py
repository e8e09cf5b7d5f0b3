"""The callers of the APIs: the user pool, the users who sign in to it, and the tokens kept between commands."""
