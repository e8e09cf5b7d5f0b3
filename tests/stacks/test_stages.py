"""What is alike in every stage, and what is not."""

import json

import pytest

from stacks import names
from stacks.config import STAGES
from tests.stacks.deployment import CONTEXTS, synthesise

WITHOUT_CACHE = "dev without cache"


def test_every_stage_is_tested():
    assert {context["stage"] for context in CONTEXTS.values()} == STAGES.keys()


@pytest.mark.parametrize("other", ["dev", "prod"])
def test_the_laptop_runs_the_resources_of_every_other_stage(other, synthesised):
    local = synthesised("local").names_and_types()

    assert local == synthesised(other).names_and_types()
    assert len(local) > 60


def test_every_stack_is_on_the_list_that_the_commands_read_too(with_everything):
    assert sorted(with_everything.templates) == sorted(names.STACKS)


def test_the_same_commit_gives_the_same_templates(synthesised, tmp_path):
    again = synthesise(tmp_path, **CONTEXTS["dev"])

    assert json.dumps(again.templates) == json.dumps(synthesised("dev").templates)


def test_stages_do_not_meet_in_one_account(synthesised):
    """Names that nobody generates carry the stage's. The SSM parameter's is the stage's own setting."""
    given = ("LogGroupName", "UserId", "UserGroupId", "TableName", "QueueName", "FunctionName", "RoleName", "TopicName")
    given_names = {
        stage: {
            name
            for resource in synthesised(stage).resources().values()
            for key, name in resource.get("Properties", {}).items()
            if key in given and isinstance(name, str)
        }
        for stage in STAGES
    }

    assert all(given_names.values())
    assert len(set.union(*given_names.values())) == sum(len(each) for each in given_names.values())


@pytest.mark.parametrize("absent", ["AWS::EC2::", "AWS::ElastiCache::"])
def test_without_the_cache_there_is_nothing_that_costs_money_while_idle(absent, synthesised):
    assert synthesised("dev").resources(absent)
    assert synthesised(WITHOUT_CACHE).resources(absent) == {}


def test_without_the_cache_everything_else_stays(synthesised):
    kept = synthesised(WITHOUT_CACHE).names_and_types()
    gone = synthesised("dev").names_and_types().items() - kept.items()

    assert kept.items() <= synthesised("dev").names_and_types().items()
    assert {
        name
        for name, _ in gone
        if not name.startswith(("Cache/", "Orders/UpdateCache", "Orders/OrderAlarmsUpdateCache"))
    } == set()


@pytest.mark.parametrize(("stage", "policy"), [("local", "Delete"), ("dev", "Delete"), ("prod", "Retain")])
def test_only_production_keeps_its_data_when_it_is_destroyed(stage, policy, synthesised):
    deployment = synthesised(stage)

    for type in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"):
        resources = deployment.resources(type).values()
        assert {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in resources} == {(policy, policy)}


def test_what_people_need_is_an_output(deployment):
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
    }
    assert outputs["Reminders"] == {
        "ApiUrl",
        "ReminderTableName",
        "NotifyTopicArn",
        "ReminderStateMachineArn",
        "ReminderAlarmsTopicArn",
        "SenderAddress",
    }
    assert outputs["Website"] == {"SiteUrl", "DistributionId", "SiteBucketName"}
