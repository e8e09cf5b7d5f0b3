"""What AWS bills: the units, how AWS counts them, and their prices. The laptop cloud and `make cost` use it."""
