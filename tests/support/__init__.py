"""The tests' helpers. A test imports from here and from the code, never from a conftest or from another test."""
