import runpy
from dataclasses import replace

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel

from local.settings import ACCOUNT, PROJECT
from stacks import config
from stacks.config import ALL_STAGES, DEV, LOCAL, PROD, STAGES, stage_from_context
from stacks.stage import LAPTOP_ACCOUNT, Stage, is_address
from stacks.stage_checks import InvalidStageError, mistakes

KNOWN = [LOCAL, DEV, PROD]
NEW = replace(PROD, name="new", sender="reminders-new@example.com", notify_parameter="notifyme-new")


@pytest.mark.parametrize(
    ("context", "stage"),
    [({}, DEV), ({"stage": ""}, DEV), *(({"stage": name}, stage) for name, stage in STAGES.items())],
)
def test_the_context_names_the_stage_and_dev_is_the_default(context, stage):
    assert stage_from_context(context.get) == stage


@pytest.mark.parametrize("name", ["production", "Dev", " dev", 7])
def test_an_unknown_stage_is_an_error_that_lists_the_stages(name):
    with pytest.raises(InvalidStageError) as caught:
        stage_from_context({"stage": name}.get)

    assert all(known in str(caught.value) for known in STAGES)
    assert repr(name) in str(caught.value)


def test_the_context_can_set_the_sender():
    stage = stage_from_context({"sender": "me@example.org"}.get)

    assert stage.sender == "me@example.org"
    assert stage.cache == DEV.cache


@pytest.mark.parametrize(
    "sender",
    [
        *["reminders@example.com", "a@mail.EXAMPLE.org", "a@example", "a@b.example", "a@cats.test", "a@b.invalid"],
        *["a@localhost", "a@mail.localhost", "a@mail.local", "a@cats.internal", "a@1.168.192.in-addr.arpa"],
        *["a@router.home.arpa", "a@cats.onion", "cats", "our-cats.org", "@our-cats.org", "a@cats", "a@our-cats.org "],
        *["a@b@our-cats.org", "Cats <a@our-cats.org>", "a@our-cats.org,b@our-cats.org", "a@our-cats.org.", ""],
    ],
)
def test_a_sender_that_nobody_can_confirm_is_invalid_on_aws(sender):
    assert is_address(sender) is False
    assert replace(PROD, sender=sender).has_usable_sender is False
    assert replace(LOCAL, sender=sender).has_usable_sender is True


@pytest.mark.parametrize(
    "sender",
    [
        "a@myexample.com",
        "a@example.com.our-cats.org",
        "a@test.org",
        "a.b+c@Our-Cats.co.uk",
        "a@local.dev",
    ],
)
def test_a_sender_with_a_similar_domain_is_usable(sender):
    assert is_address(sender) is True


def test_no_stage_comes_with_a_sender_that_somebody_owns():
    """So `make deploy` asks for a sender, and SES never mails a confirmation to a stranger."""
    assert not [name for name, stage in STAGES.items() if is_address(stage.sender)]


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_can_use_a_sender_that_ses_already_knows(name):
    assert stage_from_context({"stage": name, "identity": "existing"}.get).sender_identity == "existing"
    assert stage_from_context({"stage": name, "identity": "new"}.get) == STAGES[name]


@pytest.mark.parametrize("setting", ["", "old", "EXISTING", True])
def test_an_identity_that_is_neither_new_nor_existing_is_an_error(setting):
    with pytest.raises(InvalidStageError, match="unknown identity setting .* new or existing"):
        stage_from_context({"identity": setting}.get)


@pytest.mark.parametrize("name", STAGES)
def test_the_cache_can_be_left_out_of_every_stage(name):
    assert stage_from_context({"stage": name, "cache": "off"}.get).cache is None
    assert stage_from_context({"stage": name, "cache": "on"}.get) == STAGES[name]


@pytest.mark.parametrize("setting", ["", "no", "OFF", "true", False])
def test_a_cache_that_is_neither_on_nor_off_is_an_error(setting):
    with pytest.raises(InvalidStageError, match="on or off"):
        stage_from_context({"cache": setting}.get)


@pytest.mark.parametrize("name", STAGES)
def test_the_example_consumer_can_be_added_to_every_stage(name):
    assert stage_from_context({"stage": name, "consumer": "on"}.get).example_consumer is True
    assert stage_from_context({"stage": name, "consumer": "off"}.get) == STAGES[name]
    assert stage_from_context({"stage": name, "consumer": "on", "cache": "off"}.get).cache is None


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_can_be_deployed_at_once(name):
    assert stage_from_context({"stage": name, "gradual": "off"}.get) == replace(STAGES[name], gradual=None)
    assert stage_from_context({"stage": name, "gradual": "on"}.get) == STAGES[name]
    with pytest.raises(InvalidStageError, match="unknown gradual setting .* on or off"):
        stage_from_context({"stage": name, "gradual": "no"}.get)


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("source", ["https://github.com/our/cats/blob/main", "http://127.0.0.1:8000"])
def test_every_stage_can_show_its_code_to_learners(name, source):
    stage = stage_from_context({"stage": name, "source": source}.get)

    assert (stage.behind_the_scenes, stage.source_url) == (True, source)
    assert not [*mistakes([stage])]
    assert stage_from_context({"stage": name, "source": ""}.get) == STAGES[name]


@pytest.mark.parametrize(
    "source",
    [
        "github.com/our/cats",
        "/code",
        "javascript:alert(1)",
        "https://",
        "https://a.org/blob/",
        'https://a.org/"x',
        "x y",
    ],
)
def test_a_source_that_is_not_the_address_of_a_folder_is_an_error(source):
    with pytest.raises(InvalidStageError, match="is not the address of the code: use one such as https://"):
        stage_from_context({"source": source}.get)


@pytest.mark.parametrize("setting", ["", "yes", "ON", True])
def test_a_consumer_that_is_neither_on_nor_off_is_an_error(setting):
    with pytest.raises(InvalidStageError, match="unknown consumer setting .* on or off"):
        stage_from_context({"consumer": setting}.get)


def test_the_stages_can_be_deployed_side_by_side():
    """Each line of the failure names a stage of stacks/config.py, and what to do."""
    stages = [value for value in vars(config).values() if isinstance(value, Stage)]

    found = [*mistakes(stages)]
    assert not found, "\n".join(["", *found])
    assert [stage for stage in stages if stage not in ALL_STAGES] == [], "add it to ALL_STAGES"


def test_a_new_stage_with_values_of_its_own_is_valid():
    assert [*mistakes([*KNOWN, NEW])] == []


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (PROD, ["two stages have the name 'prod'", "`name`"]),
        (replace(NEW, notify_parameter="notifyme"), ["prod and new", "`notify_parameter` 'notifyme'"]),
        (replace(NEW, notify_parameter="notifyme-dev"), ["dev and new", "`notify_parameter` 'notifyme-dev'"]),
        (replace(NEW, sender=PROD.sender), ["prod and new", f"`sender` '{PROD.sender}'"]),
        (replace(NEW, outbox=LOCAL.outbox), ["new has `outbox`, `demo_users`,", "set all five to None"]),
        (replace(NEW, demo_users=LOCAL.demo_users), ["new has `outbox`, `demo_users`,", "set all five to None"]),
        (replace(NEW, figures_key=LOCAL.figures_key), ["new has `outbox`, `demo_users`,", "set all five to None"]),
        (replace(NEW, source_url=LOCAL.source_url), ["new has `outbox`, `demo_users`,", "set all five to None"]),
        (replace(NEW, only_account=ACCOUNT), ["new has `outbox`, `demo_users`,", "set all five to None"]),
    ],
)
def test_values_that_a_new_stage_must_not_inherit_are_named(new, words):
    (found,) = mistakes([*KNOWN, new])

    assert found.startswith("stacks/config.py: ")
    assert [word for word in words if word not in found] == []


def test_stages_in_different_accounts_may_have_the_same_names():
    one, other = (replace(NEW, name=name, only_account=account) for name, account in (("a", "1" * 12), ("b", "2" * 12)))
    known = replace(NEW, name="c", notify_parameter="c", sender_identity="existing")

    assert [*mistakes([one, other])] == []
    assert [*mistakes([NEW, known])] == []
    assert len([*mistakes([one, NEW])]) == len(["notify_parameter", "sender"])


def test_synthesis_refuses_stages_that_cannot_be_deployed_side_by_side(monkeypatch):
    monkeypatch.setattr(config, "ALL_STAGES", [*KNOWN, replace(NEW, notify_parameter="notifyme")])

    with pytest.raises(SystemExit, match="error: stacks/config.py: the stages prod and new .* give one of them"):
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")


def test_the_local_stage_is_bound_to_the_laptop_clouds_account():
    assert LAPTOP_ACCOUNT == ACCOUNT


def test_a_stage_that_leaves_out_a_field_keeps_its_data():
    """Name a stage here if it may lose its data."""
    lax = {
        name
        for name, stage in STAGES.items()
        if stage.removal_policy != RemovalPolicy.RETAIN
        or not (stage.deletion_protection and stage.termination_protection)
    }

    assert lax == {"local", "dev"}


def test_only_the_laptop_talks_to_its_cache_without_encryption():
    assert {name for name, stage in STAGES.items() if stage.cache and not stage.cache.encrypted_in_transit} == {"local"}


def test_a_stage_accepts_the_load_that_it_declares():
    busy = replace(NEW, load=replace(NEW.load, lookups_per_second=5000))

    assert [*mistakes([busy])] == [
        "stacks/config.py: with its `load` the stage new needs a `throttle_rate` of 5500 or more, and has 4400: raise "
        "it, or lower the load"
    ]


@pytest.mark.parametrize("days", [0, 1, 29])
def test_a_stage_that_deletes_orders_too_early_is_named(days):
    """Messages about a deleted order could still be in a queue."""
    (found,) = mistakes([replace(NEW, days_orders_are_kept=days)])

    assert f"days_orders_are_kept={days}" in found and "30 or more" in found


@pytest.mark.parametrize("seconds", [0, 301])
def test_a_window_that_lambda_refuses_is_named(seconds):
    (found,) = mistakes([replace(NEW, seconds_watched_at_once=seconds)])

    assert f"seconds_watched_at_once={seconds}" in found and "from 1 to 300" in found


@pytest.mark.parametrize("days", [None, 30, 10_000])
def test_orders_may_be_kept_for_any_longer_time_and_for_ever(days):
    assert [*mistakes([replace(NEW, days_orders_are_kept=days)])] == []


@pytest.mark.parametrize("name", ["debug_sample", "traces_sampled"])
def test_a_share_is_from_0_to_1(name):
    for share in (0, 0.001, 1):
        assert not [*mistakes([replace(NEW, **{name: share})])]
    for share in (-0.1, 1.5, 5):
        (mistake,) = mistakes([replace(NEW, **{name: share})])
        assert f"{name}={share}: set it to a share, from 0 to 1" in mistake


def test_debug_is_not_a_level_of_a_stage():
    (mistake,) = mistakes([replace(NEW, log_level=ApplicationLogLevel.DEBUG)])

    assert "set it to INFO, and `debug_sample` to 1" in mistake


@pytest.mark.parametrize(
    ("field", "limit"),
    [("reminders_waiting", 0), ("reminders_a_day", -1), ("texts_a_day", -1), ("texts_a_day", 1.5)]
    + [("reminders_a_day", True), ("reminders_waiting", float("nan"))],
)
def test_a_limit_of_a_person_is_a_whole_number(field, limit):
    (mistake,) = mistakes([replace(NEW, limits=replace(NEW.limits, **{field: limit}))])

    assert f"limits.{field}={limit}: set it to a whole number" in mistake


def test_a_stage_may_send_no_texts():
    assert not [*mistakes([replace(NEW, limits=replace(NEW.limits, texts_a_day=0))])]


def test_the_document_names_the_limits_of_a_person():
    limits = PROD.limits
    said = (
        f"reminders that wait at once ({limits.reminders_waiting}), reminders set or changed on one day "
        f"({limits.reminders_a_day}), text messages on one day ({limits.texts_a_day})"
    )

    assert said in (PROJECT / "docs" / "deploying.md").read_text()
    assert {stage.limits for stage in STAGES.values() if stage.name != "local"} == {limits}


@pytest.mark.parametrize(
    ("field", "value"),
    [("percent", 0), ("percent", 100), ("minutes", 0), ("minutes", 2101), ("minutes", 2.5), ("percent", True)],
)
def test_a_gradual_deployment_that_cloudformation_refuses_is_named(field, value):
    (mistake,) = mistakes([replace(NEW, gradual=replace(PROD.gradual, **{field: value}))])

    assert f"gradual.{field}={value}: set it to a whole number from 1 to" in mistake


def test_the_stage_of_the_laptop_cloud_cannot_be_deployed_gradually():
    (mistake,) = mistakes([replace(LOCAL, gradual=PROD.gradual)])

    assert "the engine of the laptop cloud has no CodeDeploy: set `gradual` to None" in mistake
