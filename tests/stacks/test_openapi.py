"""The documents in docs/openapi agree with the templates."""

from tools.openapi import DOCUMENTS, documents


def test_the_documents_agree_with_the_templates_of_every_stage(deployments):
    written = {file.name: file.read_text() for file in DOCUMENTS.iterdir()}

    wrong = [name for name, deployment in deployments.items() if documents(deployment.templates) != written]
    assert not wrong, "run make openapi: docs/openapi is out of date, or depends on the stage"
