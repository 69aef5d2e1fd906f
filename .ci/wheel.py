"""Refuses a wheel that lacks a tracked file of the package, the templates or the static files."""

import subprocess
import sys
import zipfile

tracked = subprocess.run(
    ["git", "ls-files", "-z", "jcanweb", "templates", "static"],  # noqa: S607
    capture_output=True,
    text=True,
    check=True,
).stdout.split("\0")
wanted = {name if name.startswith("jcanweb/") else f"jcanweb/{name}" for name in tracked if name}
carried = set(zipfile.ZipFile(sys.argv[1]).namelist())
lost = sorted(wanted - carried)
sample = {"jcanweb/requirements.lock", "jcanweb/templates/layout.html", "jcanweb/terms/sample.txt"}
lost += sorted(sample - carried - set(lost))
if lost:
    sys.exit("The wheel lacks: " + " ".join(lost))
print(f"{len(wanted)} files of the program, all in the wheel")
