"""The way in decides rightly before anything is installed: what it needs, makes, and makes anew."""

import ast
import sys

import pytest

from jcanweb import __main__ as bootstrap


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own, with a small lock and no environment yet."""
    (tmp_path / "requirements.lock").write_text("flask==1\n")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "jcanweb.stamp")
    return tmp_path


@pytest.fixture
def commands(checkout, monkeypatch):
    """The programs the set-up would start, in order; each succeeds unless its word is in `broken`."""

    class Started(list):
        broken: set[str] = set()

    started = Started()

    def run(command, check=False, **options):
        started.append([str(part) for part in command])
        code = int(any(word in " ".join(started[-1]) for word in started.broken))
        if check and code:
            raise bootstrap.subprocess.CalledProcessError(code, command)
        return bootstrap.subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return started


def top_level_imports(path):
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_runs_before_the_set_up_imports_the_standard_library_only(name):
    assert set(top_level_imports(bootstrap.PACKAGE / name)) <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_an_old_python_can_still_read_the_refusal(name):
    ast.parse((bootstrap.PACKAGE / name).read_text("utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
def test_a_python_of_today_is_welcome(version):
    assert bootstrap.refusal(version) == ""


def test_an_old_python_is_refused_in_one_line():
    problem = bootstrap.refusal((3, 9, 2))
    assert "3.11" in problem
    assert "3.9" in problem
    assert "\n" not in problem


def test_the_stamp_changes_with_the_lock_and_with_the_python():
    mark = bootstrap.fingerprint(b"flask==1", "3.11.2 (main)")
    assert mark == bootstrap.fingerprint(b"flask==1", "3.11.2 (main)")
    assert mark != bootstrap.fingerprint(b"flask==2", "3.11.2 (main)")
    assert mark != bootstrap.fingerprint(b"flask==1", "3.11.3 (main)")


def test_an_environment_without_its_stamp_is_not_ready(checkout):
    assert not bootstrap.is_ready()


def test_a_finished_set_up_is_ready_until_the_lock_changes(checkout, commands):
    bootstrap.set_up()
    assert bootstrap.is_ready()
    (checkout / "requirements.lock").write_text("flask==2\n")
    assert not bootstrap.is_ready()


def test_the_set_up_checks_every_hash_and_resolves_nothing(checkout, commands):
    bootstrap.set_up()
    assert "--clear" in commands[-2]
    assert commands[-1][-4:] == ["--no-deps", "--require-hashes", "-r", str(checkout / "requirements.lock")]


def test_a_set_up_that_fails_leaves_no_stamp_and_says_so(checkout, commands):
    bootstrap.STAMP.write_text("of an older lock")
    commands.broken = {"--require-hashes"}
    with pytest.raises(SystemExit, match="same command"):
        bootstrap.set_up()
    assert not bootstrap.STAMP.exists()


def test_without_ensurepip_the_pip_of_the_machine_fills_the_environment(checkout, commands):
    commands.broken = {"venv, ensurepip"}
    bootstrap.set_up()
    assert "--without-pip" in commands[-2]
    assert commands[-1][:4] == [sys.executable, "-m", "pip", "--python"]


def test_without_any_pip_it_says_what_to_install_and_touches_nothing(checkout, commands):
    commands.broken = {"venv, ensurepip", "venv, pip"}
    bootstrap.STAMP.write_text("of an older lock")
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap.set_up()
    assert bootstrap.STAMP.exists()


def test_a_virtual_environment_named_in_the_environment_is_not_ours(checkout, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", str(checkout / ".venv"))
    assert not bootstrap.inside()
    monkeypatch.setattr(bootstrap.sys, "prefix", str(checkout / ".venv"))
    assert bootstrap.inside()


def test_the_python_of_the_environment_is_found_on_windows_too():
    assert bootstrap.interpreter(windows=True) == bootstrap.VENV / "Scripts" / "python.exe"
    assert bootstrap.interpreter(windows=False) == bootstrap.VENV / "bin" / "python"


@pytest.mark.parametrize("lock", ["jcanweb/requirements.lock", ".ci/requirements.lock"])
def test_a_lock_pins_by_hash_and_names_no_address(lock):
    path = bootstrap.CHECKOUT / lock
    text = path.read_text("utf-8")
    assert "://" not in text
    assert "/" not in text.replace("\\", "")
    lines = text.replace("\\\n", " ").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
