"""Puts the native library and the Python files into a wheel (PEP 427). Needs nothing but Python.

usage: wheel.py LIBRARY FOLDER    prints the path of the wheel
"""

import base64
import hashlib
import pathlib
import re
import sys
import sysconfig
import zipfile

HERE = pathlib.Path(__file__).parent


def version() -> str:
    text = (HERE.parent / "Cargo.toml").read_text()
    (found,) = re.findall(
        r"^\[workspace\.package\]\nversion = \"([^\"]+)\"", text, flags=re.MULTILINE
    )
    return found


def build(library: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    tag = "cp39-abi3-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
    name = f"curex-{version()}"
    metadata = (
        f"Metadata-Version: 2.1\nName: curex\nVersion: {version()}\n"
        "Summary: Client of the CUREX consortium\nLicense: Apache-2.0\nRequires-Python: >=3.9\n"
        "Description-Content-Type: text/markdown\n\n" + (HERE / "README.md").read_text()
    )
    files = {f"curex/{file.name}": file.read_bytes() for file in (HERE / "curex").glob("*.py*")}
    files["curex/py.typed"] = b""
    files["curex/_native.abi3.so"] = library.read_bytes()
    info = f"{name}.dist-info"
    files[f"{info}/METADATA"] = metadata.encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: curex\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    )
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(build(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
