"""Builds the site of the documentation from docs/ and the files of the repository that docs/ links to.

This package lays out pages, links and navigation under build/site-source. MkDocs only turns them into HTML, so another
generator can take its place.
"""
