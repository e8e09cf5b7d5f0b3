"""A copy of a person's data, and the deletion of their account, for operators."""
