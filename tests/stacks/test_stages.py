"""The differences between stages, and what they share."""

import json
from collections.abc import Iterator
from functools import cache
from itertools import combinations

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from local.settings import PROJECT
from stacks import names
from stacks.config import STAGES
from stacks.names import stack_name
from stacks.stage import LAPTOP_ACCOUNT
from tests.support.templates.deployment import OTHER_SENDER, Deployment
from tools.doctor.target import CACHE_WRITER

ON_AWS = [name for name, stage in STAGES.items() if stage.only_account != LAPTOP_ACCOUNT]
BAR = r"\|"
"""Between two alternatives in a table of Markdown."""

WITHOUT_CACHE = "dev without cache"


def test_every_place_that_lists_stages_lists_all_of_them(synthesised):
    """Each line of the failure names a file, and the text that it should have."""
    deploying = "docs/deploying.md"
    usual = synthesised("prod").days_of_logs
    places = [
        ("stacks/names.py", f"STAGES = {tuple(STAGES)}".replace("'", '"')),
        ("README.md", f"`-c stage={'|'.join(STAGES)}`"),
        (deploying, f"`STAGE={BAR.join(ON_AWS)}`"),
        *((deploying, f"`{STAGES[name].notify_parameter}` for `{name}`") for name in ON_AWS),
        (deploying, f"CloudWatch keeps logs for {usual} days"),
        *(
            (deploying, f"in `{name}` for {days}")
            for name in ON_AWS
            if (days := synthesised(name).days_of_logs) != usual
        ),
    ]

    missing = [f"{file}: {text}" for file, text in places if text not in (PROJECT / file).read_text()]
    assert not missing, "\n".join(["", *missing])


@pytest.mark.parametrize("other", [name for name in STAGES if name != "local"])
def test_the_laptop_cloud_runs_the_resources_of_every_other_stage(other, synthesised):
    local, there = synthesised("local").names_and_types(), synthesised(other).names_and_types()

    # The one exception: the engine has no CodeDeploy.
    of_codedeploy = {name: type for name, type in there.items() if "Gradual" in name}
    assert local == {name: type for name, type in there.items() if name not in of_codedeploy}
    assert len(local) > 60
    expected = GRADUAL if STAGES[other].gradual else set()
    assert {*of_codedeploy.values()} == expected


def test_prod_sets_every_property_that_dev_sets(synthesised):
    """`make check` lints only the templates of prod."""
    dev, prod = (properties_by_type(synthesised(stage=name, cache="on", consumer="on")) for name in ("dev", "prod"))

    assert {type: found - prod[type] for type, found in dev.items() if found - prod[type]} == {}


def properties_by_type(deployment: Deployment) -> dict[str, set[str]]:
    """The places of all values in the resources: `.Properties.Tags[].Key`."""
    found = {}
    for resource in deployment.resources().values():
        shown = {name: value for name, value in resource.items() if name != "Metadata"}
        found.setdefault(resource["Type"], set()).update(places(shown))
    return found


def places(value: object, at: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, one in value.items():
                yield f"{at}.{name}"
                yield from places(one, f"{at}.{name}")
        case list():
            for one in value:
                yield from places(one, f"{at}[]")


GRADUAL = {
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentConfig",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
}
"""The resources of a stage that moves the aliases of functions gradually."""


@pytest.mark.long
def test_without_gradual_deployment_a_stage_has_the_resources_of_the_laptop_cloud(synthesised):
    assert synthesised(stage="prod", gradual="off").names_and_types() == synthesised("local").names_and_types()


def test_the_list_of_stacks_for_the_commands_is_complete(with_everything):
    assert sorted(with_everything.templates) == sorted(names.STACKS)


@pytest.mark.long
def test_the_same_commit_gives_the_same_templates(again, synthesised):
    before = synthesised(stage="dev", cache="on", consumer="on")

    assert json.dumps(again.deployment.templates) == json.dumps(before.templates)


def test_cloudformation_refuses_a_stage_in_every_account_but_its_own(with_everything):
    """In each stack, because each stack can be deployed by itself."""
    stage = with_everything.stage
    rules = [template["Rules"].get("OnlyThere") for template in with_everything.templates.values()]

    assert {rule is not None for rule in rules} == {bool(stage.only_account)}
    for rule in filter(None, rules):
        (assertion,) = rule["Assertions"]
        assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::AccountId"}, stage.only_account]}
        assert assertion["AssertDescription"].startswith(f"The stage {stage.name} is for the account ")


def physical_names(deployment: Deployment) -> set[tuple[str, ...]]:
    """The names that must be unique in the account or region: `("AWS::SSM::Parameter", "notifyme")`.

    These are the names of stacks and exports, and each resource's identifier if the template sets it as plain text.
    Policies and access controls of CloudFront have generated ids, but need unique names, too.
    """
    names = {("stack", stack_name(deployment.stage.name, stack)) for stack in deployment.templates}
    for template in deployment.templates.values():
        outputs = template.get("Outputs", {}).values()
        names |= {("export", output["Export"]["Name"]) for output in outputs if "Export" in output}
    for path, resource in deployment.resources().items():
        type, properties = resource["Type"], resource.get("Properties", {})
        for key in ("OriginAccessControlConfig", "ResponseHeadersPolicyConfig"):
            if key in properties:
                names.add((type, deployment.named(path.partition("/")[0], properties[key]["Name"])))
        values = [properties.get(name) for name in _identifier(type)]
        if values and all(isinstance(value, str) for value in values):
            names.add((type, *values))
    return names


@cache
def _identifier(type: str) -> tuple[str, ...]:
    if type.startswith("Custom::"):
        return ()
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type).schema
    return tuple(pointer.removeprefix("/properties/") for pointer in schema["primaryIdentifier"])


@pytest.mark.parametrize(("one", "other"), [*combinations(ON_AWS, 2)])
def test_two_stages_can_share_an_account_and_region(one, other, synthesised):
    assert len(physical_names(synthesised(one))) > 20
    assert physical_names(synthesised(one)) & physical_names(synthesised(other)) == set()


@pytest.mark.parametrize("name", STAGES)
def test_every_fixed_name_contains_the_stages_name_or_is_a_setting(name, synthesised):
    stage = synthesised(name).stage
    own = {stage.sender, stage.notify_parameter}

    for type, *given in physical_names(synthesised(name)):
        assert name in " ".join(given) or own & set(given), type


def test_the_parameter_has_the_originals_name_in_production():
    """The laptop has the same name. Existing scripts look for it."""
    assert STAGES["prod"].notify_parameter == STAGES["local"].notify_parameter == "notifyme"


@pytest.mark.long
def test_two_stages_can_share_a_sender_if_one_of_them_registers_it(synthesised):
    dev = physical_names(synthesised(stage="dev", **OTHER_SENDER))
    prod = physical_names(synthesised(stage="prod", **OTHER_SENDER))
    prod_later = physical_names(synthesised(stage="prod", identity="existing", **OTHER_SENDER))

    assert dev & prod == {("AWS::SES::EmailIdentity", OTHER_SENDER["sender"])}
    assert dev & prod_later == set()


@pytest.mark.parametrize("absent", ["AWS::EC2::", "AWS::ElastiCache::"])
def test_without_the_cache_there_is_no_network_and_no_node(absent, synthesised):
    assert synthesised("dev").resources(absent)
    assert synthesised(WITHOUT_CACHE).resources(absent) == {}


def test_the_doctor_recognises_a_stage_with_a_cache_by_a_function(synthesised):
    for name in (*STAGES, WITHOUT_CACHE):
        functions = [id for id in synthesised(name).templates["Orders"]["Resources"] if id.startswith(CACHE_WRITER)]
        assert bool(functions) is (name != WITHOUT_CACHE)


OF_THE_CACHE = ("Orders/OrderAlarmsUpdateCache", "Orders/OrderAlarmsCache")


def test_without_the_cache_everything_else_stays(synthesised):
    kept = synthesised(WITHOUT_CACHE).names_and_types()
    gone = synthesised("dev").names_and_types().items() - kept.items()

    assert kept.items() <= synthesised("dev").names_and_types().items()
    assert {
        name
        for name, _ in gone
        if not name.startswith(
            ("Cache/", "Orders/UpdateCache", "Orders/OrderAlarmsUpdateCache", "Orders/OrderAlarmsCache")
        )
    } == set()


def test_a_destroyed_stage_keeps_its_data_if_it_says_so(deployment):
    for type in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"):
        resources = deployment.resources(type).values()
        policies = {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in resources}
        assert policies == {(deployment.policy, deployment.policy)}


def test_cloudformation_does_not_delete_a_protected_stage(with_everything):
    protected = set(with_everything.templates) if with_everything.stage.termination_protection else set()

    assert with_everything.protected == protected


def test_the_stacks_have_the_outputs_that_people_need(deployment):
    outputs = {
        stack: {name for name in template.get("Outputs", {}) if not name.startswith("Exports")}
        for stack, template in deployment.templates.items()
    }

    assert outputs["Orders"] == {
        "ApiUrl",
        "OrderTableName",
        "OrderFulfillmentQueueUrl",
        "EscalationQueueUrl",
        "ParkedQueueUrl",
        "OrderFulfillmentStateMachineArn",
        "OrderAlarmsTopicArn",
        "OrderAlarmsUrgentTopicArn",
        "ParkLostOrdersName",
        "OrdersDashboardUrl",
    }
    assert outputs["Reminders"] == {
        "ApiUrl",
        "ReminderTableName",
        "NotifyTopicArn",
        "ReminderStateMachineArn",
        "ReminderDeliveryArn",
        "EmailQueueUrl",
        "SMSQueueUrl",
        "TopicQueueUrl",
        "ReminderAlarmsTopicArn",
        "ReminderAlarmsUrgentTopicArn",
        "SenderAddress",
        "SettleLostRemindersName",
        "RemindersDashboardUrl",
        "RecordFeedbackArn",
    }
    assert outputs["Account"] == {"ApiUrl", "OperatorsDashboardUrl"}
    assert outputs["Website"] == {"SiteUrl", "DistributionId", "SiteBucketName"}
