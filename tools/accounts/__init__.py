"""Who calls the APIs: the user pool, the people who sign in to it, and the tokens kept between commands."""
