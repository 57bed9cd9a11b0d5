"""Each change is one commit of one file, whatever state the work tree is in."""

import subprocess
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from knowledge.editing.record import Person
from knowledge.editing.settings import EditingSettings
from knowledge.editing.version_control import commit
from knowledge.settings import Settings
from tests.knowledge.editing.conftest import TOKEN
from tests.knowledge.editing.test_routes import changed, detail, put, recorded

ANNA = Person("Anna <Lindgren>\n", "anna@goteborg.example")


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def article(repository: Path) -> Path:
    path = repository / "articles" / "avfall" / "avc-regler.yml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    return path


def test_only_the_changed_file_is_committed_from_a_dirty_tree(repository: Path, article: Path) -> None:
    staged, loose = repository / "articles" / "avfall" / "staged.txt", repository / "departments.yml"
    staged.write_text("staged")
    git(repository, "add", "articles/avfall/staged.txt")
    loose.write_text(loose.read_text(encoding="utf-8") + "# loose\n", encoding="utf-8")
    assert commit([article], ANNA, "Rättat\n\nArticle: avc-regler").startswith("committed ")
    assert git(repository, "show", "--name-only", "--format=%an|%ae|%cn|%s") == (
        "Anna Lindgren|anna@goteborg.example|Fråga Göteborg|Rättat\n\narticles/avfall/avc-regler.yml"
    )
    # The rest is as it was: one staged, one not.
    assert git(repository, "diff", "--cached", "--name-only") == "articles/avfall/staged.txt"
    assert git(repository, "diff", "--name-only") == "departments.yml"


def test_a_new_file_and_a_moved_one_are_committed_too(repository: Path) -> None:
    old = repository / "articles" / "avfall" / "avc-regler.yml"
    new = repository / "articles" / "forskola" / "avc-regler.yml"
    new.write_bytes(old.read_bytes())
    old.unlink()
    assert commit([new, old], ANNA, "Flyttad").startswith("committed ")
    assert git(repository, "status", "--porcelain") == ""


def test_a_hook_or_a_signature_does_not_stand_in_the_way(repository: Path, article: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    git(repository, "config", "commit.gpgsign", "true")
    assert commit([article], ANNA, "Rättat").startswith("committed ")


def test_nothing_to_commit_is_no_failure(repository: Path) -> None:
    assert commit([repository / "articles" / "avfall" / "avc-regler.yml"], ANNA, "Inget") == "unchanged"


def test_outside_a_work_tree_it_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("x")
    assert commit([tmp_path / "x.yml"], ANNA, "Rättat").startswith("failed: ")


def test_without_git_it_says_so(repository: Path, article: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit([article], ANNA, "Rättat") == "failed: git is not installed"


@pytest.mark.parametrize(
    ("setting", "environment", "expected"),
    [("auto", "production", True), ("auto", "development", False), ("on", "development", True), ("off", "production", False)],
)
def test_a_developers_checkout_is_left_alone_unless_asked(setting: str, environment: str, expected: bool) -> None:
    made = EditingSettings(_env_file=None, editing_git=setting, fraga_env=environment)  # type: ignore[arg-type]
    assert made.commits is expected


class TestOverTheService:
    @pytest.fixture
    def editing(self) -> EditingSettings:
        return EditingSettings(_env_file=None, knowledge_token=SecretStr(TOKEN), editing_git="on")

    @pytest.mark.asyncio
    async def test_a_change_becomes_a_commit_with_author_reason_and_approver(
        self, repository: Path, http: httpx.AsyncClient
    ) -> None:
        before = await detail(http)
        written = await put(http, changed(before["article"], sv="Nytt svar."), before["hash"], reason="Avgiften är borta")
        assert written.json()["git"].startswith("committed ")
        assert git(repository, "log", "-1", "--format=%an <%ae>%n%B") == (
            "Anna Lindgren <anna@goteborg.example>\nAvgiften är borta\n\nArticle: avc-regler\nApproved-by: Bo Ek <bo@goteborg.example>"
        )

    @pytest.mark.asyncio
    async def test_a_change_is_made_and_recorded_also_when_git_fails(self, http: httpx.AsyncClient, settings: Settings) -> None:
        before = await detail(http)  # no work tree here
        written = await put(http, changed(before["article"], sv="Nytt svar."), before["hash"])
        assert written.status_code == 200
        assert written.json()["git"].startswith("failed: ")
        assert len(recorded(settings)) == 1
