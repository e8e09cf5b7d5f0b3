"""Mutants of the synthesised templates, judged by the tests of the templates.

A mutant changes one property of one resource, in all deployments of the tests at once: a mistake in a stack would do
the same.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.proof.mutants.documents import Mutant, Path, leaves, numbered, of_scalar, removed, to
from tests.proof.mutants.judge import Loop, Verdict, adaptive, pytest_run, report

TESTS = ("tests/stacks",)
GROUPS = {
    "permissions": r"AWS::IAM::|Policy$|AWS::Lambda::Permission|AWS::ApiGateway::Authorizer",
    "alarms": "AWS::CloudWatch::(Composite)?Alarm|AWS::Logs::MetricFilter|AWS::Budgets|AWS::SNS::",
    "queues and calls": "AWS::SQS::Queue$|EventSourceMapping|EventInvokeConfig|AWS::Events::|AWS::Scheduler::",
    "data": "AWS::DynamoDB|AWS::S3::Bucket$|AWS::ElastiCache|AWS::Logs::LogGroup|AWS::KMS|AWS::Backup|SecretsManager",
    "functions": "AWS::Lambda::|AWS::StepFunctions::|AWS::CodeDeploy",
    "APIs and sign-in": "AWS::ApiGateway::|AWS::Cognito::|AWS::CloudFront::|AWS::SES::|AWS::WAF",
    "network": "AWS::EC2::",
}
COSMETIC = {"Description", "AlarmDescription", "Comment", "Tags", "DashboardBody", "DefinitionString", "Definition"}
"""Texts for people, and bodies that have tests of their own."""
NOT_OURS = re.compile(
    "AWS::CDK::Metadata|AWS::ApiGateway::Deployment|AWS::CloudWatch::Dashboard|AWS::Logs::QueryDefinition|Custom::"
)
"""Resources whose content is a hash, a drawing or CDK's own."""
CONTENT = {"S3Key", "S3Bucket", "Code", "Content", "SourceArn"}
MOST_FAILING = 3
"""Tests of the templates that may need a process of their own. They judge no mutant."""
LIFECYCLE = ("DeletionPolicy", "UpdateReplacePolicy")


def group(type: str) -> str:
    return next((name for name, types in GROUPS.items() if re.search(types, type)), "other")


def of_templates(templates: dict[str, dict[str, Any]]) -> list[Mutant]:
    """The mutants of the templates of one deployment, by stack."""
    return [one for stack in templates for one in numbered(_of_stack(stack, templates[stack]))]


def _of_stack(stack: str, template: dict[str, Any]) -> Iterator[Mutant]:
    for id, resource in template["Resources"].items():
        if NOT_OURS.search(resource["Type"]):
            continue
        at: Path = ("Resources", id)
        for field in LIFECYCLE:
            if field in resource:
                other = "Delete" if resource[field] == "Retain" else "Retain"
                yield Mutant(stack, (*at, field), f"-> {other}", to(other), "lifecycle")
        depends = resource.get("DependsOn", [])
        for number, one in enumerate(depends if isinstance(depends, list) else []):
            yield Mutant(stack, (*at, "DependsOn", number), f"no dependency on {one}", removed, "lifecycle")
        kind = group(resource["Type"])
        for path, value in leaves(resource.get("Properties", {})):
            if COSMETIC & {*path} or CONTENT & {*path} or _inside_function(path):
                continue
            full = (*at, "Properties", *path)
            yield Mutant(stack, full, "removed", removed, kind)
            if not isinstance(value, dict | list):
                for one in of_scalar(stack, full, value):
                    yield Mutant(stack, full, one.kind, one.changed, kind)
            if path[-1] in ("Resource", "Principal"):
                yield Mutant(stack, full, "-> *", to("*"), kind)


def _inside_function(path: Path) -> bool:
    """Whether a path leads into `{"Ref": …}` or `{"Fn::GetAtt": …}`. Their content has no meaning of its own."""
    return any(isinstance(one, str) and (one == "Ref" or one.startswith("Fn::")) for one in path)


def judge(choose: Any, record: Any) -> None:
    """Calls `record(mutant, verdict)` for each mutant that `choose` picks from the list of all."""
    import jsii._kernel.providers.process as process

    from tests.support.templates import deployment

    made: dict[Any, Any] = {}
    synthesise_stage = deployment.synthesise_stage
    calls = 0

    def once(folder: Any, stage: Any) -> Any:
        if stage not in made:
            made[stage] = synthesise_stage(folder, stage)
        return made[stage]

    deployment.synthesise_stage = once

    def work(loop: Loop) -> None:
        nonlocal calls
        for name in ("invoke", "create", "sinvoke", "get", "sget", "set", "load"):
            original = getattr(process.ProcessProvider, name)

            def counted(self: Any, *given: Any, original: Any = original, **named: Any) -> Any:
                nonlocal calls
                calls += 1
                return original(self, *given, **named)

            setattr(process.ProcessProvider, name, counted)
        seconds: dict[str, float] = {}
        called: dict[str, int] = {}

        def each(item: pytest.Item, took: float) -> None:
            nonlocal calls
            seconds[item.nodeid], called[item.nodeid], calls = took, calls, 0

        loop.stay = True
        items = [item for item in loop.items if _reads_deployments(item) and _is_one(item)]
        # The first round synthesises all deployments. In the second one, only tests that make stacks of their own call
        # CDK. A fork cannot: it has no Node process.
        failing: list[pytest.Item] = []
        loop.run(items, each=each, failing=failing)
        loop.run([item for item in items if called[item.nodeid]], each=each, failing=failing)
        if len(failing) > MOST_FAILING:
            raise RuntimeError(f"these tests fail without any mutant: {[one.nodeid for one in failing]}")
        for item in failing:
            report("every mutant", Verdict("left out, because it fails in a warm process:", item.nodeid))
        loop.items = [item for item in items if called[item.nodeid] == 0 and item not in failing]
        whole = made[max(made, key=lambda stage: sum(len(one["Resources"]) for one in made[stage].templates.values()))]
        everything = of_templates({name: dict(one) for name, one in whole.templates.items()})
        for mutant, verdict in adaptive(loop, choose(everything), seconds, apply):
            record(mutant, verdict)

    def apply(mutant: Mutant) -> None:
        for one in made.values():
            if mutant.document in one.templates:
                mutant.apply(one.templates[mutant.document])

    if status := pytest_run(TESTS, Loop(work)):
        raise RuntimeError(f"pytest ended with status {status}")


def _reads_deployments(item: pytest.Item) -> bool:
    names = {"deployment", "deployments", "synthesised", "with_cache", "with_everything"}
    return bool(names & {*getattr(item, "fixturenames", ())})


def _is_one(item: pytest.Item) -> bool:
    """Whether a test looks at all deployments at once, or at the one of production."""
    given = getattr(item, "callspec", None)
    stages = [
        value
        for name, value in (given.params.items() if given else ())
        if name in ("deployment", "with_cache", "with_everything")
    ]
    return all(str(one) in ("prod",) for one in stages)
