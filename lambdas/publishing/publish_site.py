"""Publishes the page when its stack is deployed. It is the function of a CloudFormation custom resource.

The resource has these properties:

- `Archive`: the zip of the page's files, as `{"Bucket", "Key"}`;
- `Site`: the bucket that the files go to;
- `Distribution`: the id of the CloudFront distribution in front of the bucket;
- `Config`: the text of `config.json`;
- `Publisher`: a value that changes with this file, so that CloudFormation publishes the page again.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html

See decision D078.
"""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common import calls
from common.logs import logger_of

log = logger_of(__name__)

# In seconds. A hanging call and its retries end within SPARE_SECONDS.
TIMES = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
SPARE_SECONDS = 50
"""The part of the function's time that is reserved for the last call and the answer."""

s3 = boto3.client("s3", config=TIMES)
cloudfront = boto3.client("cloudfront", config=TIMES)

CONFIG = "config.json"
START = "index.html"

CACHE = "public, max-age=0, must-revalidate, s-maxage=31536000"
"""A file keeps its name when its content changes, so browsers ask every time whether it has changed. CloudFront caches
everything until the next publication invalidates it.
See decision D080."""

TYPES = {
    "": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Written out, because the result of Python's `mimetypes` depends on the machine."""

LEARNING_SECONDS = 60
"""How long a new permission may take to reach every service. See decision D079."""

ANSWER_SECONDS = 5
PAUSES = (0, 1, 2, 4)
"""Seconds before each attempt to answer."""
LONGEST_REASON = 1000
"""In characters. CloudFormation accepts an answer of at most 4096 bytes."""


class UnpublishableError(ValueError):
    """A file that cannot be published. The message names it and says why."""


@calls.recorded
def handler(event: dict[str, Any], context: Any) -> None:
    """Does what CloudFormation asks for. It always answers, because a stack hangs without an answer.

    The resource's id is the bucket's name. It stays the same in updates. Only if the bucket changes, CloudFormation
    asks this function to empty the old bucket.
    """
    try:
        _do(event, context)
    except Exception as error:
        log.exception("CloudFormation's request %s failed", event.get("RequestType"))
        _answer(event, "FAILED", reason=f"{type(error).__name__}: {error}")
    else:
        _answer(event, "SUCCESS")


def _do(event: Mapping[str, Any], context: Any) -> None:
    properties = event["ResourceProperties"]
    match event["RequestType"]:
        case "Create" | "Update":
            patience = _seconds_left(context) - LEARNING_SECONDS
            while True:
                try:
                    return _publish(properties, event["RequestId"], context)
                except ClientError as error:
                    if error.response["Error"]["Code"] != "AccessDenied" or _seconds_left(context) < patience:
                        raise
                    time.sleep(2)
        case "Delete":
            _remove(properties["Site"], keep=set(), context=context)
        case other:
            raise ValueError(f"unknown request {other!r}")


def _publish(properties: Mapping[str, Any], request: str, context: Any) -> None:
    """Uploads all files, pages last, then removes old files from the bucket and invalidates CloudFront's cache."""
    archive, site, distribution = properties["Archive"], properties["Site"], properties["Distribution"]
    packed = s3.get_object(Bucket=archive["Bucket"], Key=archive["Key"])["Body"].read()
    files = unpacked(packed) | {CONFIG: properties["Config"].encode()}
    types = {name: content_type(name) for name in files}
    for name in in_order(files):
        _require_time(context)
        s3.put_object(Bucket=site, Key=name, Body=files[name], ContentType=types[name], CacheControl=CACHE)
    _remove(site, keep=set(files), context=context)
    # The request's id names the invalidation, so a repeated request does not create a second one.
    paths = {"Quantity": 1, "Items": ["/*"]}
    invalidation = cloudfront.create_invalidation(
        DistributionId=distribution, InvalidationBatch={"Paths": paths, "CallerReference": request}
    )["Invalidation"]
    while invalidation["Status"] == "InProgress" and _seconds_left(context) > SPARE_SECONDS:
        time.sleep(2)
        found = cloudfront.get_invalidation(DistributionId=distribution, Id=invalidation["Id"])
        invalidation = found["Invalidation"]
    if invalidation["Status"] == "InProgress":
        # CloudFront will complete it. Failing here would roll back a page that is already published.
        log.warning("invalidation %s is still in progress", invalidation["Id"])


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Returns the files of a zip archive by path. Raises UnpublishableError or BadZipFile if the archive is invalid."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        for entry in packed.infolist():
            name = entry.filename
            if entry.is_dir():
                continue
            if "\\" in name or {"", ".", ".."} & set(name.split("/")):
                raise UnpublishableError(f"{name!r} is not a path within the page's folder")
            files[name] = packed.read(entry)
    if START not in files:
        raise UnpublishableError(f"{START} is missing")
    return files


def content_type(name: str) -> str:
    """Returns the Content-Type by the file's ending.

    Raises UnpublishableError if the ending is unknown. The page's headers forbid browsers to guess a type.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in TYPES:
        raise UnpublishableError(f"{name!r}: add the Content-Type of {suffix} to TYPES")
    return TYPES[suffix]


def in_order(names: Mapping[str, Any]) -> list[str]:
    """Returns the order of uploads: first the files that pages refer to, then the pages, and the start page last."""
    return sorted(names, key=lambda name: (name == START, name.endswith(".html"), name))


def _remove(site: str, *, keep: set[str], context: Any) -> None:
    """Removes all keys from the bucket except `keep`. If `keep` is empty, the bucket may be missing."""
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=site):
            _require_time(context)
            keys = [{"Key": one["Key"]} for one in page.get("Contents", []) if one["Key"] not in keep]
            if keys:
                removed = s3.delete_objects(Bucket=site, Delete={"Objects": keys, "Quiet": True})
                for error in removed.get("Errors", []):
                    raise RuntimeError(f"{error['Key']!r} could not be removed: {error['Code']}")
    except s3.exceptions.NoSuchBucket:
        if keep:
            raise


def _seconds_left(context: Any) -> float:
    return float(context.get_remaining_time_in_millis()) / 1000


def _require_time(context: Any) -> None:
    """Raises TimeoutError if only the time for the last call and the answer is left."""
    if _seconds_left(context) < SPARE_SECONDS:
        raise TimeoutError("publishing took too long")


def _answer(event: Mapping[str, Any], status: str, *, reason: str = "") -> None:
    """Sends the answer to CloudFormation.

    Raises ConnectionError if every attempt fails, and KeyError if the event has no ResponseURL.
    """
    properties = event.get("ResourceProperties")
    site = properties.get("Site") if isinstance(properties, dict) else None
    known = event.get("PhysicalResourceId")
    answer = {
        "Status": status,
        "Reason": reason[:LONGEST_REASON],
        "PhysicalResourceId": (known or site if event.get("RequestType") == "Delete" else site or known) or "none",
        **{name: event.get(name) for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The URL's signature is only valid for an empty Content-Type.
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), headers={"Content-Type": ""}, method="PUT"
    )
    problem = ""
    for pause in PAUSES:
        time.sleep(pause)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):
                return
        except (OSError, HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            log.warning("CloudFormation did not accept the answer: %s", problem)
    raise ConnectionError(problem)
