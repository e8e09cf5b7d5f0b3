"""A function that workflows call."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.gradual_alias import GradualAlias
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.stage import Stage
from stacks.versions import LIVE, Rollout, keep_older_versions


class PublishedFunction(PythonFunction):
    """A function with versions, and with the alias `live`, whose ARN is `live`.

    Each change of its code, its settings or its layer publishes a version and moves the alias to it. So you can move
    the alias back, and a stage can move it gradually. Set all variables with the constructor: later ones publish no
    version.

    See decision D222.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        rollout: Rollout,
        dependencies: DependencyLayer | None = None,
        **more: Any,
    ) -> None:
        super().__init__(scope, id, stage=stage, dependencies=dependencies, **more)
        function = cast(lambda_.CfnFunction, self.node.default_child)
        settings = Stack.of(self).resolve(function._cfn_properties)
        fingerprint = fingerprint_of(settings, layer=dependencies.identity if dependencies else "")
        # The hash of the code also changes with comments, which Lambda does not get. Lambda refuses to publish a
        # version of a function that has not changed, so this makes it change each time.
        # https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
        function.description = f"{function.description} {fingerprint}"
        name = self.function_name
        version = lambda_.CfnVersion(self, "Version", function_name=name, description=fingerprint)
        keep_older_versions(version)
        alias = lambda_.CfnAlias(self, "Live", name=LIVE, function_name=name, function_version=version.attr_version)
        self.live: str = alias.ref
        if gradual := rollout.gradual:
            GradualAlias(self, "Gradual", gradual=gradual, alarms=rollout.alarms, function=self, alias=alias)

    def allow_calls(self, workflow: iam.IGrantable) -> None:
        """Lets a workflow call the alias. CDK's `grant_invoke` would also allow the function and each version."""
        allow(workflow, "lambda:InvokeFunction", on=self.live)


def fingerprint_of(settings: Mapping[str, Any], *, layer: str) -> str:
    """The hash of the code, and a hash of everything else that makes the function what it is.

    A changed description makes CloudFormation replace the version, and so publish one. `laptop up` replaces the code's
    hash wherever it stands in a template, so it must stand here unchanged.
    """
    code = settings["code"]["s3Key"].removesuffix(".zip")
    others = json.dumps([{**settings, "code": None}, layer], sort_keys=True)
    return f"(code {code}, settings {hashlib.sha256(others.encode()).hexdigest()[:16]})"
