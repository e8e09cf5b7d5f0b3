"""`up` and `down` when something is wrong. The tests share a second checkout, whose cloud goes from test to test."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest

from local import deploy, homes, show
from local.__main__ import main
from local.cloud import Cloud
from local.engine import CODE, PACKAGES, Engine, code
from local.errors import DamagedError, LocalError
from local.processes import Daemon, alone, free_port, run_to_the_end
from local.settings import PROJECT, Settings
from local.settings import load as load_settings
from tests.support.cloud.checkout import Checkout, free_ports
from tests.support.cloud.copied import copied
from tests.support.cloud.site import fetch
from tests.support.marks import long
from tests.support.names import unique
from tests.support.waiting import PATIENCE_SECONDS, eventually


def status(checkout: Checkout) -> dict[str, dict[str, str]]:
    """What `status --json` prints, without the time that the command takes to start."""
    told: dict[str, dict[str, str]] = json.loads(show.to_json(show.status(Cloud(load_settings(checkout.home)))))
    return told


@pytest.mark.parametrize("option", ["--port", "--redis-port"])
def test_a_port_in_use_is_reported_with_its_owner_and_the_option_for_another(checkout: Checkout, option: str) -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]

        up = checkout.local("up", *free_ports(), option, str(port))

    assert up.returncode == 1
    assert f"port {port} is in use by" in up.stderr
    assert f"process {os.getpid()}" in up.stderr
    assert f"{option} PORT" in up.stderr
    assert checkout.processes() == []


def test_a_second_up_changes_nothing(cloud: Cloud) -> None:
    said: list[str] = []

    assert cloud.up(said.append) is False
    assert said == []


def test_two_commands_do_not_work_on_one_cloud_at_once(checkout: Checkout) -> None:
    homes.make(checkout.home)
    with alone(checkout.home):
        homes.mark(checkout.home)
        up, down = checkout.local("up", *free_ports()), checkout.local("down")

    assert up.returncode == down.returncode == 1
    assert "another command is at work" in up.stderr
    assert "another command is at work" in down.stderr


@dataclass(frozen=True)
class Restarted:
    """The output of commands: `demo`, `queues`, `down`, `up`, and `queues` again."""

    demo: "CompletedProcess[str]"
    before: "CompletedProcess[str]"
    down: "CompletedProcess[str]"
    left: list[psutil.Process]
    """The processes that still ran after `down`."""
    up: "CompletedProcess[str]"
    after: "CompletedProcess[str]"


@pytest.fixture(scope="module")
def restarted(second: Checkout) -> Restarted:
    demo, before, down = (second.local(command) for command in ("demo", "queues", "down"))
    left = second.processes()
    return Restarted(demo, before, down, left, second.local("up"), second.local("queues"))


def test_two_checkouts_side_by_side_do_not_disturb_each_other(
    cloud: Cloud, second: Checkout, restarted: Restarted
) -> None:
    assert status(second)["places"]["endpoint"] != cloud.settings.endpoint
    assert status(second)["places"]["redis_url"] != cloud.settings.redis_url
    assert (restarted.down.returncode, restarted.left) == (0, [])
    assert restarted.up.returncode == 0
    assert cloud.running


def test_down_and_up_keep_the_data(restarted: Restarted) -> None:
    assert restarted.demo.returncode == 0
    assert "deploying" not in restarted.up.stdout
    assert restarted.after.stdout == restarted.before.stdout
    assert "│ demo-" in restarted.after.stdout


@pytest.mark.long
def test_up_restarts_an_engine_whose_code_has_changed_and_keeps_its_data(second: Checkout) -> None:
    queues, before = second.local("queues").stdout, status(second)
    file = second.root / "local" / "engine_patches" / "numbers.py"
    file.write_text(file.read_text() + "# Changed.\n")

    up, again = second.local("up"), second.local("up")

    assert (up.returncode, up.stderr) == (0, "")
    assert up.stdout.startswith("restarting the engine, because its code has changed; its data stays\nstarting the eng")
    assert "deploying" not in up.stdout
    assert status(second)["engine"]["pid"] != before["engine"]["pid"]
    assert status(second)["cache"]["pid"] == before["cache"]["pid"]
    assert second.local("queues").stdout == queues
    assert again.stdout.startswith("already up")


def test_an_engine_of_a_version_that_did_not_save_what_it_was_started_with_is_outdated(tmp_path: Path) -> None:
    """`up` restarts it, as one whose code has changed."""
    engine, file = Engine(Settings(home=tmp_path)), tmp_path / "engine.pid"
    engine.daemon.start(["sleep", "600"], env={"PATH": os.environ["PATH"]}, ready=lambda: True, code=code())
    assert not engine.outdated
    known = json.loads(file.read_text())
    del known["code"]
    file.write_text(json.dumps(known))

    assert engine.outdated
    engine.daemon.stop()


@dataclass(frozen=True)
class Failed:
    """An `up --consumer` whose deployment failed, on a cloud without a consumer."""

    up: "CompletedProcess[str]"
    settings: dict[str, Any]
    """What the cloud remembers afterwards."""


@pytest.fixture(scope="module")
def failed(second: Checkout) -> Failed:
    """The engine does not know this attribute of a VPC. On AWS a misspelt attribute fails in the same way."""
    good = "        self.client_environment = {"
    broken = (
        '        CfnResource(self, "Broken", type="AWS::SSM::Parameter", '
        'properties={"Type": "String", "Value": self.vpc.vpc_cidr_block})\n'
    )
    second.replace("stacks/cache.py", good, broken + good)
    second.replace("stacks/cache.py", "from aws_cdk import ArnFormat", "from aws_cdk import ArnFormat, CfnResource")
    up = second.local("up", "--consumer")
    second.replace("stacks/cache.py", broken, "")
    return Failed(up, json.loads((second.home / "settings.json").read_text()))


@pytest.fixture(scope="module")
def changed(second: Checkout, failed: Failed) -> "CompletedProcess[str]":
    """The output of `up --consumer` with another sender and another page, after a failed deployment."""
    second.replace("stacks/config.py", 'sender="reminders@example.com"', 'sender="cats@example.com"')
    second.replace("website/404.html", "</html>", "</html><!-- mended -->")
    return second.local("up", "--consumer")


# `changed` makes the cloud whole again for the next test.
@pytest.mark.long
@pytest.mark.usefixtures("changed")
def test_a_template_that_does_not_deploy_is_explained(failed: Failed) -> None:
    assert failed.up.returncode == 1
    assert "local-cache Broken (AWS::SSM::Parameter): " in failed.up.stderr
    assert "CidrBlock" in failed.up.stderr
    assert "run `laptop up` again. Options that you leave out are as in the last `up`" in failed.up.stderr
    assert failed.settings["consumer"] is False


@pytest.mark.long
def test_up_deploys_what_changed(second: Checkout, changed: "CompletedProcess[str]") -> None:
    assert (changed.returncode, changed.stderr) == (0, "")
    assert "deploying" in changed.stdout
    assert status(second)["places"]["sender"] == "cats@example.com"
    # On a cloud without a consumer, where an earlier `up --consumer` has failed.
    assert status(second)["places"]["shipment_table"]
    assert json.loads((second.home / "settings.json").read_text())["consumer"] is True
    assert second.local("demo").returncode == 0


@pytest.mark.parametrize(
    ("file", "is_deployed"),
    [
        ("app.py", True),
        ("cdk.json", True),
        ("constraints.txt", True),
        ("package-lock.json", True),
        ("stacks/config.py", True),
        ("lambdas/orders/get_order.py", True),
        ("statemachines/reminder.asl.json", True),
        ("website/views/new.js", True),
        ("stacks/__pycache__/config.pyc", False),
        ("README.md", False),
        ("local/cloud.py", False),
    ],
)
def test_only_a_changed_source_is_deployed_again(tmp_path: Path, file: str, is_deployed: bool) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    before = [deploy.fingerprint(tmp_path, consumer=False)]
    for text in ("one", "two"):
        (tmp_path / file).write_text(text)
        before.append(deploy.fingerprint(tmp_path, consumer=False))

    assert len(set(before)) == (3 if is_deployed else 1)


@pytest.mark.parametrize(
    ("file", "is_restarted"),
    [
        ("local/start_engine.py", True),
        ("local/engine_patches/queues.py", True),
        ("local/metrics/alarms.py", True),
        ("local/meter/http.py", True),
        ("costs/units.py", True),
        ("local/cloud.py", False),
        ("local/engine_patches/__pycache__/queues.pyc", False),
        ("stacks/config.py", False),
    ],
)
def test_only_changed_code_of_the_engine_restarts_it(tmp_path: Path, file: str, is_restarted: bool) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    before = [code(tmp_path)]
    for text in ("one", "two"):
        (tmp_path / file).write_text(text)
        before.append(code(tmp_path))

    assert len(set(before)) == (3 if is_restarted else 1)


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_of_a_package_of_the_engine_restarts_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, usual = code(), metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1" if name == package else usual(name))

    assert code() != before


def test_all_modules_of_the_project_that_the_engine_loads_are_its_code() -> None:
    """If this fails, add the modules to `local.engine.CODE`."""
    script = (
        "import json, sys\n"
        f"sys.path.append({str(PROJECT)!r})\n"
        "from ministack import app\n"
        "from local import engine_patches\n"
        "engine_patches.apply()\n"
        "print(json.dumps([module.__file__ for module in sys.modules.values() if getattr(module, '__file__', None)]))\n"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    packages = Path(sys.prefix)
    modules = {Path(file) for file in json.loads(ran.stdout.splitlines()[-1])}
    ours = {file for file in modules if file.is_relative_to(PROJECT) and not file.is_relative_to(packages)}
    known = [PROJECT / source for source in CODE]

    assert PROJECT / "local" / "metrics" / "alarms.py" in ours
    assert {
        str(file.relative_to(PROJECT))
        for file in ours
        # Those outside of CODE hold only a docstring.
        if file.name != "__init__.py" and not any(file.is_relative_to(source) for source in known)
    } == set()


@pytest.mark.long
@pytest.mark.usefixtures("changed")
def test_up_publishes_a_page_that_changed(second: Checkout) -> None:
    """`up` closes the engine's gaps again, because publishing writes AWS's addresses into the page's files."""
    places = status(second)["places"]

    assert fetch(places["site"], "/404.html").body.rstrip().endswith(b"<!-- mended -->")
    assert json.loads(fetch(places["site"], "/config.json").body)["ordersApi"] == places["orders_api"]


@pytest.mark.long
@pytest.mark.usefixtures("changed")
def test_up_deploys_only_code_that_changed(second: Checkout) -> None:
    engine = Engine(load_settings(second.home))

    def code() -> dict[str, str]:
        found = engine.client("lambda").get_paginator("list_functions").paginate().search("Functions")
        named = {name: construct for construct, name in deploy.functions(engine).items()}
        return {named[one["FunctionName"]]: one["CodeSha256"] for one in found if one["FunctionName"] in named}

    before = code()
    second.replace("lambdas/reminders/list_reminders.py", "from boto3", "A_CHANGE = 1\nfrom boto3")

    up = second.local("up")

    assert (up.returncode, up.stderr) == (0, "")
    assert up.stdout.startswith("deploying the changed code of functions\nready after ")
    different = {name for name, hash in code().items() if hash != before[name]}
    assert "ListReminders" in different and "GetOrder" not in different
    # Workflows call the alias of this function. Its new version has the code of all functions of the app.
    name = deploy.functions(engine)["ScheduleReminder"]
    live = engine.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
    assert live["CodeSha256"] == code()["ScheduleReminder"] != before["ScheduleReminder"]
    assert second.local("up").stdout.startswith("already up")


@pytest.mark.long
def test_a_process_that_died_is_noticed_and_started_again(second: Checkout) -> None:
    """test_killed.py has this test for an engine."""
    process = psutil.Process(int(status(second)["cache"]["pid"]))
    process.kill()
    psutil.wait_procs([process])

    noticed, refused, up = second.local("status"), second.local("demo"), second.local("up")

    assert noticed.returncode == 1
    assert f"{'cache':18} died" in noticed.stdout
    assert "the cache has died" in refused.stderr
    assert (up.returncode, up.stderr) == (0, "")
    assert "starting the cache, which has died" in up.stdout
    assert second.local("demo").returncode == 0


def test_an_engine_that_does_not_answer_is_reported_as_the_cause(second: Checkout) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        ports = json.loads((second.home / "settings.json").read_text())
        (second.home / "settings.json").write_text(json.dumps({**ports, "port": silent.getsockname()[1]}))

        queues = second.local("queues")
        (second.home / "settings.json").write_text(json.dumps(ports))

    assert queues.returncode == 1
    assert "the engine rejected a request or did not answer" in queues.stderr


def test_another_port_is_rejected_while_deployed_functions_hold_the_last_one(second: Checkout) -> None:
    up = second.local("up", "--port", str(free_port()))

    assert up.returncode == 1
    assert "down --forget" in up.stderr


@pytest.fixture
def used(checkout: Checkout) -> Iterator[Checkout]:
    """A checkout whose cloud runs and has run the demo."""
    copied(checkout.home)
    for command in ("up", "demo"):
        done = checkout.local(command)
        assert done.returncode == 0, done.stderr
    yield checkout
    # `checkout` ends only a cloud. It refuses a folder with nothing but other files.
    if not homes.is_cloud(checkout.home):
        shutil.rmtree(checkout.home)


@pytest.mark.long
def test_down_forget_deletes_the_data_and_keeps_other_files(used: Checkout) -> None:
    folders = [used.home, *(path for path in used.home.rglob("*") if path.is_dir() and not path.is_symlink())]
    assert [path for path in used.home.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077] == []
    mine = {folder / name for folder in folders for name in ("notes.txt", "notes.json")}
    for file in mine:
        file.write_text("mine")

    down = used.local("down", "--forget")

    assert (down.returncode, down.stdout.splitlines()[0]) == (0, "stopped; deleted the cloud's files")
    assert used.processes() == []
    assert {path for path in used.home.rglob("*") if not path.is_dir()} == mine
    assert "kept files in" in down.stdout and down.stdout.endswith(" more\n")


def test_down_forget_removes_a_folder_without_other_files(checkout: Checkout) -> None:
    homes.make(checkout.home)
    with alone(checkout.home):
        homes.mark(checkout.home)

    down = checkout.local("down", "--forget")

    assert (down.returncode, down.stdout.strip()) == (0, "nothing was running; deleted the cloud's files")
    assert not checkout.home.exists()
    assert checkout.local("down").stdout.strip() == "nothing was running"
    assert "is not running" in checkout.local("demo").stderr


@pytest.mark.parametrize("moment", ["starting the engine", *long("synthesising", "deploying")])
def test_an_interrupt_leaves_nothing_running(checkout: Checkout, moment: str) -> None:
    if moment == "synthesising":
        # Another cloud may have synthesised the same sources.
        checkout.replace("app.py", "Builds the stacks of one stage", unique("Builds "))
    up = subprocess.Popen(
        checkout.command("up", *free_ports()),
        cwd=checkout.root,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    # A hang would otherwise outlast the suite.
    watchdog = threading.Timer(5 * PATIENCE_SECONDS, up.kill)
    watchdog.start()
    assert up.stdout
    with up.stdout as output:
        assert any(line.startswith(moment) for line in output)
        up.send_signal(signal.SIGINT)
        output.read()
    watchdog.cancel()

    assert up.wait() == 130
    assert checkout.processes() == []


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_a_process_starts_loses_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt: signal.Signals
) -> None:
    """A process starts before its id is known, and keeps running if nobody stops it."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        begun.append(real(*arguments, **options))
        signal.raise_signal(interrupt)
        return begun[-1]

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", begin)
    usual = signal.signal(interrupt, signal.default_int_handler)
    cloud = Cloud(Settings(home=tmp_path, port=free_port(), redis_port=free_port()))
    try:
        with pytest.raises(KeyboardInterrupt):
            cloud.up(print)
        with pytest.raises(KeyboardInterrupt):
            run_to_the_end(
                ["sleep", "60"],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"]},
                log=tmp_path / "log",
                pid_file=tmp_path / "pid",
            )
    finally:
        signal.signal(interrupt, usual)

    assert [process.poll() is None for process in begun] == [False, False]


def test_a_deployment_ends_when_its_engine_dies(tmp_path: Path) -> None:
    """CDK would go on asking the dead engine for minutes."""
    homes.mark(tmp_path)
    engine = Daemon("the engine", pid_file=tmp_path / "engine.pid", log=tmp_path / "engine.log")
    engine.start(["sleep", "600"], env={"PATH": os.environ["PATH"]}, ready=lambda: True)
    process = engine.process()
    assert process
    threading.Timer(0.2, process.kill).start()

    with pytest.raises(LocalError, match="the engine has died"):
        run_to_the_end(
            ["sleep", "600"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            log=tmp_path / "log",
            pid_file=tmp_path / "deploy.pid",
            needs=engine,
        )
    engine.stop()


@pytest.mark.parametrize("act", [Cloud.down, lambda cloud: cloud.down(forget=True)])
def test_a_deployment_that_outlives_its_command_is_stopped(tmp_path: Path, act: Callable[[Cloud], object]) -> None:
    """A command that is killed cannot stop what it has started."""
    code = (
        "import sys; from pathlib import Path; from local.processes import run_to_the_end as run\n"
        "home = Path(sys.argv[1])\n"
        "run(['sleep', '600'], cwd=home, env={'PATH': sys.argv[2]}, log=home / 'log', pid_file=home / 'deploy.pid')"
    )
    homes.mark(tmp_path)
    command = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), os.environ["PATH"]], cwd=PROJECT)
    cloud = Cloud(Settings(home=tmp_path))
    deployment = eventually(cloud.deployment.process)
    command.kill()
    command.wait()

    act(cloud)

    assert not deployment.is_running()


def test_everything_listens_only_on_the_loopback_address(cloud: Cloud) -> None:
    members = [
        member
        for part in (cloud.engine, cloud.cache)
        if (process := part.daemon.process())
        for member in (process, *process.children(recursive=True))
    ]
    listening = []
    for member in members:
        # An idle process of a function may end now.
        with suppress(psutil.NoSuchProcess):
            listening += [one.laddr.ip for one in member.net_connections() if one.status == psutil.CONN_LISTEN]

    assert len(listening) >= 2
    assert set(listening) == {"127.0.0.1"}


def test_a_process_that_cannot_start_is_explained_with_its_log(tmp_path: Path) -> None:
    cloud = Cloud(Settings(home=tmp_path, port=free_port(), redis_port=free_port()))
    homes.mark(tmp_path)
    (tmp_path / "state" / "cache").mkdir(parents=True)
    (tmp_path / "state" / "cache" / "dump.rdb").write_bytes(b"not a dump")

    with pytest.raises(LocalError, match="(?s)the cache did not start.*Wrong signature"):
        cloud.up(print)

    assert load_settings(tmp_path) == Settings(home=tmp_path)

    assert not cloud.engine.daemon.process() and not cloud.cache.daemon.process()


@pytest.mark.parametrize(
    ("file", "contents"),
    [
        (
            "settings.json",
            ["", "{not JSON", "[]", '{"port": 70000}', '{"port": true}', '{"port": "1"}', '{"other": 1}'],
        ),
        (
            "engine.pid",
            ["", "{not JSON", "[]", "{}", '{"pid": -1, "started": 1}', '{"pid": "x", "started": 1}', "1" * 5000],
        ),
    ],
)
def test_a_damaged_file_is_named(
    file: str, contents: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    homes.mark(tmp_path)
    for content in contents:
        (tmp_path / file).write_text(content)

        assert main(["--home", str(tmp_path), "status"]) == 1

        said = capsys.readouterr().err
        assert said.startswith(f"error: {tmp_path / file} is damaged. Delete only this file: `rm {tmp_path / file}`. ")


def test_a_process_whose_file_is_gone_is_stopped(tmp_path: Path) -> None:
    daemon = Daemon("it", pid_file=tmp_path / "pid", log=tmp_path / "log")
    daemon.start(["sleep", "600"], env={"PATH": os.environ["PATH"]}, ready=lambda: True)
    (tmp_path / "pid").unlink()

    assert daemon.stop() is True


def test_a_folder_that_cannot_be_made_is_named(checkout: Checkout) -> None:
    up = checkout.local("--home", "/proc/nowhere", "up")

    assert (up.returncode, up.stderr) == (1, "error: /proc/nowhere: No such file or directory\n")


def test_ports_are_remembered(tmp_path: Path) -> None:
    homes.mark(tmp_path)
    Settings(home=tmp_path, port=5001, redis_port=5002, consumer=True).remember("port", "redis_port")

    settings = load_settings(tmp_path)

    assert (settings.port, settings.redis_port, settings.consumer) == (5001, 5002, False)
    assert load_settings(tmp_path, port=5003).port == 5003


def test_the_consumer_is_off_at_first_and_then_keeps_its_last_setting(tmp_path: Path) -> None:
    homes.mark(tmp_path)
    assert load_settings(tmp_path).consumer is False
    load_settings(tmp_path, consumer=True).remember("consumer")

    assert load_settings(tmp_path).consumer is True
    assert load_settings(tmp_path, consumer=False).consumer is False


@pytest.mark.parametrize("moment", ["before the id is written", "after the id is written"])
def test_a_command_that_is_killed_while_a_process_starts_leaves_no_unknown_process(moment: str, tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys\n"
        "from local import processes\n"
        "home, moment = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "def killed(*arguments):\n"
        "    real(*arguments) if moment.startswith('after') else None\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "real, processes.write = processes.write, killed\n"
        "daemon = processes.Daemon('it', pid_file=home / 'pid', log=home / 'log')\n"
        "daemon.start(['/bin/sh', '-c', 'echo > begun; exec sleep 600', str(home)], env={}, ready=lambda: True)\n"
    )
    command = subprocess.run([sys.executable, "-c", code, str(tmp_path), moment], cwd=PROJECT)
    begun = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(tmp_path) in " ".join(process.info["cmdline"] or [])
    ]
    psutil.wait_procs(begun, timeout=PATIENCE_SECONDS)

    assert command.returncode == -signal.SIGKILL
    assert not any(process.is_running() for process in begun)
    assert not (tmp_path / "begun").exists()


def test_users_get_new_passwords_if_the_file_with_the_old_ones_is_gone(cloud: Cloud) -> None:
    """This is what a command advises if the file is damaged."""
    file = cloud.settings.home / "users.json"
    before = file.read_text()
    file.write_text("{damaged")
    with pytest.raises(LocalError, match="users.json is damaged. Delete only this file: `rm .*new passwords"):
        cloud.users()
    file.unlink()

    assert cloud.up(print) is True

    assert file.read_text() != before
    assert cloud.sign_in("person") and cloud.sign_in("operator")
    assert cloud.up(print) is False


def test_the_suggested_command_deletes_a_damaged_file(tmp_path: Path) -> None:
    file = tmp_path / "a folder's" / "settings.json"
    file.parent.mkdir()
    file.write_text("{")

    command = str(DamagedError(file, "")).partition("`")[2].partition("`")[0]
    subprocess.run(["/bin/sh", "-c", command], check=True)

    assert not file.exists()
