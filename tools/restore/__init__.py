"""Compares a restored table with the table of a stage, and puts back the rows that were lost or damaged."""
