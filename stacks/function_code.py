"""The code of an app's functions as Lambda gets it. See decision D159."""

from pathlib import Path
from typing import Any

import jsii
from aws_cdk import BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from stacks.function_files import LAMBDAS, files_of, hash_of, write


def code_of(package: str, *, is_staged: bool) -> lambda_.Code:
    """The code of the functions in `lambdas/<package>`. Synthesis makes it again only if a file of it has changed.

    Without `is_staged` there is no code to deploy, only the templates.
    """
    files = files_of(package)
    # CDK asks for an image, and never uses it, because `local` always makes the code.
    bundling = BundlingOptions(image=DockerImage("unused"), local=_WithoutComments(files)) if is_staged else None
    return lambda_.Code.from_asset(str(LAMBDAS), asset_hash=hash_of(files), bundling=bundling)


@jsii.implements(ILocalBundling)
class _WithoutComments:
    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        write(self._files, Path(output_dir))
        return True
