"""Mutants of the synthesised templates, judged by the tests of the templates.

A mutant changes one property of one resource, in all deployments of the tests at once: a mistake in a stack would do
the same.
"""

import gc
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
ANYBODY = ("*", {"AWS": "*"})
"""Changing one of these to `*` changes nothing: both mean everybody."""
MOST_FAILING = 3
"""Tests of the templates that may need a process of their own. They judge no mutant."""
ONLY_FOR = {
    "tests/stacks/test_imports.py": {"functions"},
    "tests/stacks/test_promises.py": {"alarms"},
    "tests/stacks/test_least_privilege.py": GROUPS.keys(),
}
"""Tests that take ten seconds or more, and the groups of mutants that each can notice. They read no other resources."""
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
        # CloudFormation waits for a resource that another one names, also without `DependsOn`.
        waits_anyway = reached(template, id)
        depends = resource.get("DependsOn", [])
        for number, one in enumerate(depends if isinstance(depends, list) else []):
            if one in waits_anyway:
                continue
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
            if path[-1] in ("Resource", "Principal") and value not in ANYBODY:
                yield Mutant(stack, full, "-> *", to("*"), kind)


def reached(template: dict[str, Any], id: str) -> set[str]:
    """The resources that a resource names in its properties, and those that these wait for."""
    seen: set[str] = set()
    waiting = [id]
    while waiting:
        at = waiting.pop()
        one = template["Resources"][at]
        named = {*re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(one.get("Properties", {})))}
        named &= template["Resources"].keys()
        if at != id:
            named |= {*one.get("DependsOn", [])}
        waiting += named - seen
        seen |= named
    return seen


def _inside_function(path: Path) -> bool:
    """Whether a path leads into `{"Ref": …}` or `{"Fn::GetAtt": …}`. Their content has no meaning of its own."""
    return any(isinstance(one, str) and (one == "Ref" or one.startswith("Fn::")) for one in path)


class CdkRefusedError(Exception):
    """A test makes stacks of its own. A fork cannot: it has no Node process."""


class Cdk:
    """Refuses calls of CDK, except while the fixtures of `tests/stacks/conftest.py` synthesise a deployment.

    `made` has these deployments. `refused` says whether a test has called CDK since it was last set to False.
    """

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.refused = False
        self._synthesises = False

    def take_over(self, conftest: Any) -> None:
        import jsii._kernel.providers.process as process

        synthesise_stage = conftest.synthesise_stage

        def noted(folder: Any, stage: Any) -> Any:
            self._synthesises = True
            try:
                self.made.append(synthesise_stage(folder, stage))
            finally:
                self._synthesises = False
            return self.made[-1]

        conftest.synthesise_stage = noted
        for name in ("invoke", "create", "sinvoke", "get", "sget", "set", "load"):
            original = getattr(process.ProcessProvider, name)

            def guarded(provider: Any, *given: Any, original: Any = original, **named: Any) -> Any:
                if not self._synthesises:
                    self.refused = True
                    raise CdkRefusedError
                return original(provider, *given, **named)

            setattr(process.ProcessProvider, name, guarded)


def judge(choose: Any, record: Any) -> None:
    """Calls `record(mutant, verdict)` for each mutant that `choose` picks from the list of all."""
    cdk = Cdk()

    def work(loop: Loop) -> None:
        plugins = loop.items[0].config.pluginmanager.get_plugins()
        cdk.take_over(next(one for one in plugins if hasattr(one, "synthesise_stage")))
        seconds: dict[str, float] = {}
        own: set[str] = set()

        def each(item: pytest.Item, took: float) -> None:
            seconds[item.nodeid] = took
            if cdk.refused:
                own.add(item.nodeid)
            cdk.refused = False

        loop.stay = True
        items = [item for item in loop.items if _reads_deployments(item) and _is_one(item)]
        failed: list[pytest.Item] = []
        loop.run(items, each=each, failing=failed)
        failing = [item for item in failed if item.nodeid not in own]
        if len(failing) > MOST_FAILING:
            raise RuntimeError(f"these tests fail without any mutant: {[one.nodeid for one in failing]}")
        for item in failing:
            report("every mutant", Verdict("left out, because it fails in a warm process:", item.nodeid))
        loop.items = [item for item in items if item.nodeid not in own and item not in failing]
        _restart_pools()
        made = cdk.made
        whole = max(made, key=lambda one: sum(len(template["Resources"]) for template in one.templates.values()))
        everything = of_templates({name: dict(one) for name, one in whole.templates.items()})
        for mutant, verdict in adaptive(loop, choose(everything), seconds, apply, _sees):
            record(mutant, verdict)

    def apply(mutant: Mutant) -> None:
        for one in cdk.made:
            if mutant.document in one.templates:
                mutant.apply(one.templates[mutant.document])

    if status := pytest_run(TESTS, Loop(work)):
        raise RuntimeError(f"pytest ended with status {status}")


def _restart_pools() -> None:
    """Ends the threads of all pools. A fork lacks its parent's threads, so it would wait for them for ever."""
    for one in gc.get_objects():
        if isinstance(one, ThreadPoolExecutor):
            if not one._shutdown:
                one.shutdown()
                given = (one._max_workers, one._thread_name_prefix or "", one._initializer, one._initargs)
                ThreadPoolExecutor.__init__(one, *given)


def _sees(item: pytest.Item, mutant: Mutant) -> bool:
    file = item.nodeid.partition("::")[0]
    return file not in ONLY_FOR or mutant.group in ONLY_FOR[file]


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
