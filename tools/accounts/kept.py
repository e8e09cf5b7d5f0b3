"""Refresh tokens between one command and the next: a day long, one need not sign in again."""

import hashlib
import json
import os
import tempfile
from pathlib import Path


class Kept:
    """The tokens of one client of a user pool, each in a file of its own that its owner alone may read."""

    def __init__(self, folder: Path, *, client: str) -> None:
        self.folder = folder
        self._client = _digest(client)

    def people(self) -> list[str]:
        """The e-mail addresses there are tokens of."""
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
        """Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        # Readable for its owner alone from the first moment.
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
        # The pool knows no difference between small and capital letters.
        return self.folder / f"{self._client}-{_digest(email.lower())}.json"


def of(client: str) -> Kept | None:
    """Those in the user's cache folder; None where there is no such folder."""
    # A relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
    setting = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        cache = setting if setting.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return Kept(cache / "orders-and-reminders" / "sign-in", client=client)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(file: Path) -> dict[str, str] | None:
    """None where there is none, or none that can be used: then one signs in anew."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        email, refresh = found["email"], found["refresh"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return {"email": email, "refresh": refresh} if isinstance(email, str) and isinstance(refresh, str) else None
