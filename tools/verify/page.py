"""The checks of the page's files, their headers, and which other pages may call the APIs."""

import re
from urllib.parse import urlsplit

from stacks.names import ACCOUNT, IDENTITY, ORDERS, REMINDERS
from tools.verify.findings import brief, require
from tools.verify.run import Run

APIS = {"ordersApi": ORDERS, "remindersApi": REMINDERS, "accountApi": ACCOUNT}
"""The fields of the page's config.json that have the addresses of the APIs."""

HEADERS = {
    "Strict-Transport-Security": "max-age=[1-9][0-9]{6,}.*",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ".*camera=[(][)].*",
}
"""The headers of every file, as regular expressions."""

ANOTHER_ORIGIN = "https://another.example"


def files(run: Run) -> str:
    index = run.page().require(200)
    require("<script" in index.text and "</html>" in index.text, "the first page is not the page's HTML")
    config = run.page("config.json").require(200).body
    client = run.deployment.output(IDENTITY, "WebClientId")
    require(config.get("clientId") == client, "config.json names another client than the stack Identity")
    for field, stack in APIS.items():
        address = str(config.get(field)).rstrip("/")
        expected = run.deployment.api_url(stack)
        require(address == expected, f"config.json has {brief(address)} as {field}, and the stack has {expected}")
    missing = run.page("no-such-file")
    require(missing.status == 404, f"an unknown path answers {missing.status}, not 404")
    require("NoSuchKey" not in missing.text and "AccessDenied" not in missing.text, "a missing file shows S3's error")
    return "the page, its settings, and a 404 page for unknown paths"


def headers(run: Run) -> str:
    for path in ("", "config.json", "no-such-file"):
        found = run.page(path).headers
        for name, pattern in HEADERS.items():
            value = found.get(name, "")
            require(re.fullmatch(pattern, value), f"/{path} has {brief(value) or 'no value'} as {name}")
        policy = _policy(found.get("Content-Security-Policy", ""))
        require(policy, f"/{path} has no Content-Security-Policy")
        require(policy.get("script-src") == ["'self'"], f"scripts may come from {brief(policy.get('script-src'))}")
        require(policy.get("default-src") == ["'none'"], "the default of the policy is not 'none'")
        allowed = policy.get("connect-src", [])
        for stack in APIS.values():
            parts = urlsplit(run.deployment.api_url(stack))
            require(f"{parts.scheme}://{parts.netloc}" in allowed, f"the policy does not let scripts call {stack}")
    return f"Content-Security-Policy and {len(HEADERS)} other headers on each file"


def _policy(text: str) -> dict[str, list[str]]:
    directives = (part.split() for part in text.split(";"))
    return {words[0]: words[1:] for words in directives if words}


def cors(run: Run) -> str:
    """An ID token goes only where a script sends it, so a stage may allow every origin."""
    origin = run.site.rstrip("/")
    allowed = {_allowed(run, stack, path, origin) for stack, path in _paths()}
    for stack, path in _paths():
        found = _allowed(run, stack, path, ANOTHER_ORIGIN)
        if "*" not in allowed:
            require(found != ANOTHER_ORIGIN, f"{stack} lets scripts of another origin read its answers")
    return "every origin, as the stage says" if allowed == {"*"} else f"only {', '.join(sorted(allowed))}"


def _paths() -> tuple[tuple[str, str], ...]:
    return ((ORDERS, "/orders"), (REMINDERS, "/reminders"), (ACCOUNT, "/account"))


def _allowed(run: Run, stack: str, path: str, origin: str) -> str:
    """The origin that the API allows, after a preflight and a request from `origin`."""
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = run.send(stack, "OPTIONS", path, None, {"Origin": origin, **asks})
    require(preflight.status in (200, 204), f"the preflight of {stack} answers {preflight.status}")
    token = run.person.user.token()
    reply = run.send(stack, "GET", path, None, {"Origin": origin, "Authorization": token}).require(200)
    refused = run.send(stack, "GET", path, None, {"Origin": origin}).require(401, "NotSignedIn")
    found = [one.headers.get("Access-Control-Allow-Origin", "") for one in (preflight, reply, refused)]
    if origin != ANOTHER_ORIGIN:
        require(set(found) <= {"*", origin}, f"{stack} allows {brief(found)}, not the page's origin")
    methods = preflight.headers.get("Access-Control-Allow-Headers", "").lower()
    require("authorization" in methods, f"the preflight of {stack} does not allow the header Authorization")
    for one in (preflight, reply, refused):
        require("Access-Control-Allow-Credentials" not in one.headers, f"{stack} allows cookies")
    return found[1]


def https(run: Run) -> str:
    parts = urlsplit(run.site)
    reply = run.web.send("GET", parts._replace(scheme="http").geturl(), asked="GET / over HTTP")
    target = reply.headers.get("Location", "")
    require(
        reply.status in (301, 302, 307, 308) and target.startswith("https://"),
        f"a request over HTTP answers {reply.status}, not a redirect to HTTPS",
    )
    return "a request over HTTP is redirected to HTTPS"


def compression(run: Run) -> str:
    """CloudFront compresses files that it has in its cache, so the second request counts.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html"""
    replies = [run.page("app.js", Accept_Encoding="gzip").require(200) for _ in range(2)]
    encoding = replies[1].headers.get("Content-Encoding", "identity")
    require(encoding == "gzip", f"the encoding of app.js is {brief(encoding)}, not gzip")
    return "files are compressed"
