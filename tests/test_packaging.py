"""What a newcomer and a Hugging Face Space rely on before any code runs."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_space_installs_what_the_package_asks_for():
    """The same lines, but for torch, of which Spaces that lend a GPU know fewer versions."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    of_torch, asked = (next(line for line in some if line.startswith("torch")) for some in (lines, PROJECT["dependencies"]))
    assert [line for line in lines if line != of_torch] == [line for line in PROJECT["dependencies"] if line != asked]
    known = [f"2.{minor}.{patch}" for minor in range(20) for patch in range(4)]
    assert set(Requirement(of_torch).specifier.filter(known)) <= set(Requirement(asked).specifier.filter(known))


def test_the_readme_opens_with_front_matter_a_space_can_read():
    front = yaml.safe_load(README.split("---\n")[1])
    assert (front["sdk"], front["python_version"], front["app_file"]) == ("gradio", "3.12", "app.py")
    assert len(front["short_description"]) <= 60
    gradio = next(Requirement(line) for line in PROJECT["dependencies"] if line.startswith("gradio"))
    assert front["sdk_version"] in gradio.specifier


def test_torch_is_asked_for_in_the_range_without_known_holes():
    assert "torch>=2.10,<2.14" in PROJECT["dependencies"]


def test_the_readme_names_the_two_commands():
    assert "pip install -e . && python app.py" in README
    assert 'pip install -e ".[test]" && pytest' in README


def test_the_readme_maps_every_module():
    flat = {path.name for path in (ROOT / "vibejam").glob("*.py")} - {"__init__.py", "errors.py", "config.py", "cli.py"}
    named = set(re.findall(r"[a-z_]+\.py", README))
    assert not flat - named


def test_the_engine_knows_no_screen_and_the_pages_no_torch():
    for folder, forbidden in (("vibejam", {"gradio", "pages"}), ("pages", {"torch"})):
        for path in (ROOT / folder).rglob("*.py"):
            assert not _imports(path) & forbidden, path.name


@pytest.mark.security
def test_nothing_is_ever_unpickled_and_no_shell_is_called():
    for path in [ROOT / "app.py", *(ROOT / "vibejam").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        assert not _imports(path) & {"pickle", "dill", "joblib", "shelve", "marshal"}, path.name
        source = path.read_text(encoding="utf-8")
        assert "torch.load(" not in source and "shell=True" not in source and "os.system(" not in source, path.name


def _imports(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
