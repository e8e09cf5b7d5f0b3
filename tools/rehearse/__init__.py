"""What a rehearsal of an upgrade judges without a cloud. `make rehearse` runs it: see tests/rehearsal."""
