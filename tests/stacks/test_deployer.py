"""Tests of the optional stack with which workflows on GitHub deploy a stage."""

import ast
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import aws_cdk as cdk
import botocore.session
import pytest
import yaml
from botocore import xform_name

import app
from local.settings import PROJECT
from stacks.config import DEV, LOCAL, PROD
from stacks.deployer import ISSUER, TEMPLATES
from stacks.names import DEPLOYER
from stacks.stage_checks import InvalidStageError
from tests.support.templates.deployment import CDK_CONTEXT

REPOSITORY = "cats@12/orders@345"

CALLERS = ("doctor", "guards", "verify", "story")
"""The folders of tools whose programs the workflows run, and that call AWS with the credentials of the role."""

OTHERS = {
    ("cognito-idp", "InitiateAuth"): "needs no permission",
    ("cognito-idp", "SignUp"): "needs no permission",
}
"""Operations that the role does not need, with the reasons."""

RENAMED = {"apigateway:GetAccount": "apigateway:GET", "lambda:Invoke": "lambda:InvokeFunction"}
"""The actions that IAM does not name after the operation."""

SERVICES = {"sesv2": "ses", "stepfunctions": "states", "service-quotas": "servicequotas"}
NO_PERMISSION = {"sts:GetCallerIdentity"}

SHARED = ("tools/*.py", "tools/accounts/*.py")
"""The files with calls that the programs of CALLERS share with others."""

INDIRECT = {
    "sts:AssumeRole": "`cdk deploy` assumes the roles of the bootstrap",
    "kms:Decrypt": "Step Functions encrypts the input of the order workflow for its caller",
    "kms:GenerateDataKey": "the same",
}
"""Actions of the role that no program names, with the reasons."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    @cache
    def of(stage: Any = DEV, repository: str = REPOSITORY, provider: str | None = None) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("deployer")
        cdk_app = cdk.App(outdir=str(folder), context=CDK_CONTEXT, tree_metadata=False)
        app.build_deployer(cdk_app, stage=stage, repository=repository, provider=provider)
        cdk_app.synth()
        found: dict[str, Any] = json.loads((folder / f"{DEPLOYER}.template.json").read_text())
        return found

    return of


def resources(template: dict[str, Any], type: str) -> dict[str, Any]:
    return {id: one for id, one in template["Resources"].items() if one["Type"] == type}


def role(template: dict[str, Any], name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The trust of a role, and its permissions."""
    [(id, found)] = [(id, one) for id, one in resources(template, "AWS::IAM::Role").items() if id.startswith(name)]
    [trust] = found["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert "ManagedPolicyArns" not in found["Properties"]
    permissions = [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": id} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    return trust, permissions


def actions(permissions: list[dict[str, Any]]) -> set[str]:
    lists = [one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in permissions]
    return {action for actions in lists for action in actions}


def plain(value: Any) -> str:
    """An ARN with the names of pseudo parameters, such as `arn:aws:iam::AWS::AccountId:role/dev-*`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return str(name)
        case {"Fn::Join": ["", parts]}:
            return "".join(map(plain, parts))
    raise ValueError(value)


@pytest.mark.parametrize(
    ("name", "subject"), [("Deploy", "environment:dev"), ("Compare", "pull_request")], ids=lambda one: str(one)
)
def test_only_one_repository_may_use_a_role_and_only_in_its_place(
    name: str, subject: str, template: Callable[..., dict[str, Any]]
) -> None:
    trust, _ = role(template(), name)

    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": f"repo:{REPOSITORY}:{subject}"}
    }


def test_the_environments_of_the_workflow_are_the_stages_of_the_roles() -> None:
    jobs = yaml.safe_load((PROJECT / ".github/workflows/deploy.yml").read_text())["jobs"]
    compares = yaml.safe_load((PROJECT / ".github/workflows/checks.yml").read_text())["jobs"]["diff"]

    assert [job["environment"] for job in jobs.values() if "environment" in job] == [DEV.name, PROD.name]
    assert "environment" not in compares


def test_a_pull_request_reads_templates_and_no_data(template: Callable[..., dict[str, Any]]) -> None:
    _, permissions = role(template(), "Compare")

    assert actions(permissions) == set(TEMPLATES)
    assert [plain(one["Resource"]).rpartition(":")[2] for one in permissions] == ["stack/dev-*"]


def test_a_deployment_changes_resources_only_through_cdks_roles(template: Callable[..., dict[str, Any]]) -> None:
    _, permissions = role(template(), "Deploy")

    [assumes] = [one for one in permissions if "sts:AssumeRole" in one["Action"]]
    names = {
        plain(arn).rpartition("/")[2].removesuffix("-role-AWS::AccountId-AWS::Region") for arn in assumes["Resource"]
    }
    assert names == {"cdk-hnb659fds-deploy", "cdk-hnb659fds-file-publishing", "cdk-hnb659fds-lookup"}
    assert "iam:PassRole" not in actions(permissions)
    assert not [action for action in actions(permissions) if "*" in action]


def test_what_the_role_changes_itself_belongs_to_the_stage(template: Callable[..., dict[str, Any]]) -> None:
    _, permissions = role(template(PROD), "Deploy")

    reads = ("Get", "List", "Describe", "Start", "GET")
    for statement in permissions:
        if any(not action.partition(":")[2].startswith(reads) for action in actions([statement])):
            arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            tagged = statement.get("Condition", {}).get("StringEquals", {}).get("aws:ResourceTag/stage") == "prod"
            assert tagged or all("prod-" in plain(arn) or "role/cdk-" in plain(arn) for arn in arns), statement


def operations(*patterns: str) -> Iterator[tuple[str, str]]:
    """The services and operations that the programs of CALLERS name, or the files of each of the patterns together."""
    session = botocore.session.get_session()
    for pattern in patterns or [f"tools/{folder}/*.py" for folder in CALLERS]:
        trees = [ast.parse(file.read_text()) for file in PROJECT.glob(pattern)]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        words = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for service in texts & set(session.get_available_services()):
            for operation in session.get_service_model(service).operation_names:
                if xform_name(operation) in words | texts:
                    yield service, operation


def test_the_role_may_make_each_call_of_the_programs(template: Callable[..., dict[str, Any]]) -> None:
    allowed = actions(role(template(), "Deploy")[1])

    found = set(operations())
    needed = {f"{SERVICES.get(service, service)}:{operation}" for service, operation in found - OTHERS.keys()}
    missing = {RENAMED.get(action, action) for action in needed} - allowed - NO_PERMISSION
    assert missing == set(), "add them to stacks/deployer.py, or say in OTHERS why the role does not need them"
    assert OTHERS.keys() <= found


def test_the_role_may_make_no_call_that_no_program_makes(template: Callable[..., dict[str, Any]]) -> None:
    allowed = actions(role(template(), "Deploy")[1])

    # The helpers of queues get their client from the caller, so they do not name the service.
    queues = (PROJECT / "lambdas/common/queues.py").read_text()
    of_sqs = botocore.session.get_session().get_service_model("sqs").operation_names
    found = {*operations(), *operations(*SHARED), *(("sqs", one) for one in of_sqs if f".{xform_name(one)}(" in queues)}
    made = {f"{SERVICES.get(service, service)}:{operation.removesuffix('Batch')}" for service, operation in found}
    assert allowed - {RENAMED.get(action, action) for action in made} == INDIRECT.keys()


def test_the_account_has_one_provider_for_github_and_it_stays(template: Callable[..., dict[str, Any]]) -> None:
    [made] = resources(template(), "AWS::IAM::OIDCProvider").values()
    existing = template(provider="existing")

    assert (made["Properties"]["Url"], made["Properties"]["ClientIdList"]) == (
        f"https://{ISSUER}",
        ["sts.amazonaws.com"],
    )
    assert made["DeletionPolicy"] == "Retain"
    assert resources(existing, "AWS::IAM::OIDCProvider") == {}
    trust, _ = role(existing, "Deploy")
    assert plain(trust["Principal"]["Federated"]).endswith(f":iam::AWS::AccountId:oidc-provider/{ISSUER}")


@pytest.mark.parametrize("repository", ["name", "owner/name/more", "owner/*", "owner/name:ref", "", "owner/na me\n"])
def test_an_invalid_repository_is_refused(repository: str, template: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(InvalidStageError, match="is not a repository on GitHub: use owner/name"):
        template(repository=repository)


def test_an_unknown_provider_setting_is_refused(template: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(InvalidStageError, match="unknown provider setting 'old'; use new or existing"):
        template(provider="old")


def test_aws_refuses_the_roles_for_the_laptops_stage(template: Callable[..., dict[str, Any]]) -> None:
    assert "OnlyThere" in template(LOCAL)["Rules"]
