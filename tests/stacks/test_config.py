import pytest

from stacks.config import DEV, LOCAL, PROD, STAGES, InvalidStageError, stage_from_context


@pytest.mark.parametrize(
    ("context", "stage"),
    [({}, DEV), ({"stage": ""}, DEV), ({"stage": "local"}, LOCAL), ({"stage": "dev"}, DEV), ({"stage": "prod"}, PROD)],
)
def test_the_context_names_the_stage_and_dev_is_the_default(context, stage):
    assert stage_from_context(context.get) == stage


@pytest.mark.parametrize("name", ["production", "Dev", " dev", 7])
def test_an_unknown_stage_is_an_error_that_lists_those_there_are(name):
    with pytest.raises(InvalidStageError) as caught:
        stage_from_context({"stage": name}.get)

    assert all(known in str(caught.value) for known in STAGES)
    assert repr(name) in str(caught.value)


def test_the_sender_can_be_given():
    stage = stage_from_context({"sender": "me@example.org"}.get)

    assert stage.sender == "me@example.org"
    assert stage.cache == DEV.cache


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


@pytest.mark.parametrize("setting", ["", "yes", "ON", True])
def test_a_consumer_that_is_neither_on_nor_off_is_an_error(setting):
    with pytest.raises(InvalidStageError, match="unknown consumer setting .* on or off"):
        stage_from_context({"consumer": setting}.get)


def test_only_the_laptop_talks_to_its_cache_without_encryption():
    assert {name for name, stage in STAGES.items() if not stage.cache.encrypted_in_transit} == {"local"}
