"""Keeps refresh tokens in files, so that you sign in only once a day. See decision D074."""

import hashlib
import json
import os
import tempfile
from pathlib import Path


class Kept:
    """The refresh tokens for one client of a user pool. Each is in its own file, which only its owner can read."""

    def __init__(self, folder: Path, *, client: str) -> None:
        self.folder = folder
        self._client = _digest(client)

    def people(self) -> list[str]:
        """The e-mail addresses of the users whose tokens are kept."""
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        kept = [name for name in names if name.startswith(f"{self._client}-") and name.endswith(".json")]
        return [found["email"] for name in kept if (found := _read(self.folder / name))]

    def find(self, email: str) -> str | None:
        found = _read(self._file(email))
        return found["refresh"] if found else None

    def keep(self, email: str, refresh: str) -> None:
        """Raises OSError if the file cannot be written."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        # mkstemp creates a file that only its owner can read, so the token is never readable by others.
        handle, name = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"email": email, "refresh": refresh}, file)
            os.replace(name, self._file(email))
        except BaseException:
            os.unlink(name)
            raise

    def forget(self, email: str) -> None:
        self._file(email).unlink(missing_ok=True)

    def _file(self, email: str) -> Path:
        # The user pool ignores the case of letters in an address.
        return self.folder / f"{self._client}-{_digest(email.lower())}.json"


def of(client: str) -> Kept | None:
    """The tokens in the user's cache folder; None if the user has no home folder."""
    # The specification says to ignore a relative path: https://specifications.freedesktop.org/basedir-spec/latest/
    setting = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        cache = setting if setting.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return Kept(cache / "orders-and-reminders" / "sign-in", client=client)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(file: Path) -> dict[str, str] | None:
    """The content of `file`; None if the file is missing or damaged. Then the user signs in again."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        email, refresh = found["email"], found["refresh"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return {"email": email, "refresh": refresh} if isinstance(email, str) and isinstance(refresh, str) else None
