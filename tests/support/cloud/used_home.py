"""Makes a home folder with every kind of file that a laptop cloud writes, for tests without a cloud."""

import zipfile
from pathlib import Path

from local import homes, written

ONE, TWO = "1" * 64, "2" * 64
SERVICE = '{"__ministack_format__": 3, "payload": {}}'
BUCKET = "s3/000000000000/some-bucket"

STATE = {
    "engine/sqs.json": SERVICE,
    "engine/sns.json.tmp": "",
    "engine/cognito-rsa-key.pem": "key",
    "engine/cognito-rsa-key.pem.lock": "",
    "engine/cognito-pool-keys/us-east-1_Ab1-access.pem": "key",
    f"engine/lambda-blobs/{ONE}.zip": "code",
    f"{BUCKET}/page.html": "<html>",
    f"{BUCKET}/page.html.meta.json": '{"key": "page.html"}',
    f"{BUCKET}/views/a b'\n.js": "export",
    f"{BUCKET}/views/a b'\n.js.meta.json": '{"key": "views"}',
    f"{BUCKET}/views/late.js.tmp": "exp",
    f"{BUCKET}/views/late.js.meta.json": '{"key": "late"}',
}
FILES = {
    **dict.fromkeys([*homes.FILES, homes.LOCK], ""),
    homes.SETTINGS: '{"port": 4566, "redis_port": 6379, "consumer": false}',
    **{f"state/{name}": content for name, content in STATE.items()},
    **{f"state/saved/{name}": content for name, content in STATE.items()},
    **{f"state/saved.new/{name}": content for name, content in STATE.items()},
    "state/whole": "[]",
    "state/cache/dump.rdb": "REDIS",
    "state/cache/temp-12.rdb": "REDIS",
    "tmp/ministack-4566.pid": "1",
    "tmp/tmpab12_xyz.pem": "key",
    "tmp/functions-ab_12xyz/worker.py": "script",
    "tmp/functions/worker.py": "of an older version",
    "tmp/functions-ab_12xyz/runtime/__pycache__/six.cpython-313.pyc": "compiled",
    f"tmp/functions-ab_12xyz/unpacked/python3.13/{ONE}.files": '["orders/get.py", "top.py"]',
    f"tmp/functions-ab_12xyz/unpacked/python3.13/{ONE}/orders/get.py": "code",
    f"tmp/functions-ab_12xyz/unpacked/python3.13/{ONE}/orders/__pycache__/get.cpython-313.pyc": "compiled",
    f"tmp/functions-ab_12xyz/unpacked/python3.13/{ONE}.x_12/top.py": "code",
    "tmp/cdk/.cdk/cache/fingerprints/0123456789abcdef.json": "{}",
    "cdk.out/manifest.json": "{}",
    "cdk.out/tree.json": "{}",
    "cdk.out/cdk.out": "{}",
    "cdk.out/fingerprint": "1",
    "cdk.out/Orders.template.json": "{}",
    "cdk.out/Orders.metadata.json": "{}",
    "cdk.out/Orders.assets.json": '{"path": "Orders.template.json"}',
    f"cdk.out/asset.{ONE}/orders/get.py": "code",
    f"cdk.out/asset.{TWO}/never-deployed.py": "code",
    f"cdk.out/asset.{TWO}.json": "{}",
}
"""The paths and contents of the files that a laptop cloud writes."""

LINK = "tmp/functions-ab_12xyz/runtime/boto3"
ARCHIVE = f"cdk.out/.cache/{ONE}.zip"


def make(home: Path) -> None:
    """Makes a home with FILES, a link, an archive and an empty folder."""
    homes.make(home)
    homes.mark(home)
    for name, content in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    (home / LINK).symlink_to(Path(written.__file__).parent / "boto3")
    (home / ARCHIVE).parent.mkdir()
    with zipfile.ZipFile(home / ARCHIVE, "w") as archive:
        archive.write(home / f"cdk.out/asset.{ONE}/orders/get.py", "orders/get.py")
    (home / BUCKET.replace("s3", "state/s3") / "an-empty-folder").mkdir()
