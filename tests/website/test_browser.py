"""Which Chromium the tests of the page use, and what they say if there is none."""

from collections.abc import Callable

import pytest

from terminal import browser


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Returns a function that sets which commands exist and which succeed. It returns the list of commands that ran."""

    def are(*there: str, succeed: tuple[str, ...]) -> list[str]:
        run: list[str] = []

        def done(*command: str) -> bool:
            run.append(" ".join(command))
            return any(run[-1].startswith(start) for start in succeed)

        monkeypatch.setattr(browser, "done", done)
        monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name in there else None)
        monkeypatch.setattr("os.geteuid", lambda: 0)
        return run

    return are


def test_a_browser_on_the_path_is_used_if_it_runs(commands: Callable[..., list[str]]) -> None:
    run = commands("chromium", "google-chrome", succeed=("/bin/google-chrome",))

    assert browser.find() == "/bin/google-chrome"
    assert run == ["/bin/chromium --version", "/bin/google-chrome --version"]


def test_without_a_browser_on_the_path_playwrights_browser_is_used(
    commands: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "playwrights", lambda: iter(["/playwright/chrome"]))
    commands(succeed=("/playwright/chrome",))

    assert browser.find() == "/playwright/chrome"


INSTALL = "apt-get install --yes --no-install-recommends"


@pytest.mark.parametrize(
    ("package", "tried"), [("chromium-headless-shell", []), ("chromium", [f"{INSTALL} chromium-headless-shell"])]
)
def test_without_any_browser_debians_browser_is_installed(
    commands: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, package: str, tried: list[str]
) -> None:
    monkeypatch.setattr(browser, "playwrights", lambda: iter([]))
    run = commands("apt-get", succeed=("apt-get update", f"{INSTALL} {package}"))
    installed = f"{INSTALL} {package}"
    monkeypatch.setattr(browser, "on_the_path", lambda: iter([f"/usr/bin/{package}"] if installed in run else []))
    monkeypatch.setattr(browser, "runs", lambda path: path == f"/usr/bin/{package}")

    assert browser.find() == f"/usr/bin/{package}"
    assert run == ["apt-get update", *tried, installed]


def test_a_user_who_may_not_install_a_browser_learns_what_to_do(
    commands: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "playwrights", lambda: iter([]))
    run = commands("apt-get", succeed=())
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(browser.NoBrowserError, match="Install Chromium or Google Chrome"):
        browser.find()
    assert run == []
