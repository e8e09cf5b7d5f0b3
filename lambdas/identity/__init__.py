"""The function that checks a sign-up."""
