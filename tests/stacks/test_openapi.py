"""The documents in docs/openapi say what the templates say."""

from tools.openapi import DOCUMENTS, documents


def test_the_documents_say_what_the_templates_say_whatever_the_stage(deployment):
    """Where this fails, `make openapi` writes them anew."""
    assert {file.name: file.read_text() for file in DOCUMENTS.iterdir()} == documents(deployment.templates)
