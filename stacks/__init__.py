"""The stacks of the two apps, one module each, and the few constructs they share."""
