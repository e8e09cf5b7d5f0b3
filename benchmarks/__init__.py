"""What measures speed. Each module writes its report, which is committed, beside itself."""
