"""A container engine for tests: the one that runs, or else one of its own, with its own data, socket and pid file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

BASE_IMAGE = "hansa-base:bookworm"
_PATIENCE_S = 60.0
_HOST_AUTHORITIES = Path("/usr/local/share/ca-certificates")  # of a proxy that this machine stands behind


@contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """A client of an engine. One that had to be started is stopped at the end, and its rules and data are gone."""
    with suppress(DockerException):
        client = docker.from_env()
        client.ping()
        yield client
        client.close()
        return
    if shutil.which("dockerd") is None:
        raise SystemExit("no container engine runs, and none is installed: make container-packages")
    with tempfile.TemporaryDirectory(prefix="hansa-engine-") as folder, _own_engine(Path(folder)) as client:
        yield client


@contextmanager
def _own_engine(folder: Path) -> Iterator[docker.DockerClient]:
    socket, rules = f"unix://{folder}/docker.sock", _rules()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                f"--data-root={folder}/data",
                f"--exec-root={folder}/exec",
                f"--host={socket}",
                f"--pidfile={folder}/pid",
            ],
            stdout=log,
            stderr=log,
        )
    os.environ["DOCKER_HOST"] = socket
    try:
        client = _answering(socket, process, folder / "log")
        yield client
        client.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)
        del os.environ["DOCKER_HOST"]
        subprocess.run(["iptables-restore"], input=rules, check=False)
        subprocess.run(["ip", "link", "delete", "docker0"], check=False, stderr=subprocess.DEVNULL)


def _rules() -> bytes:
    """The packet filter as it is: an engine adds chains, and a policy that forwards nothing."""
    return subprocess.run(["iptables-save"], check=True, stdout=subprocess.PIPE).stdout


def _answering(socket: str, process: subprocess.Popen[bytes], log: Path) -> docker.DockerClient:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(DockerException):
            client = docker.DockerClient(base_url=socket)
            client.ping()
            return client
        time.sleep(0.2)
    raise SystemExit(f"dockerd did not come up:\n{log.read_text(encoding='utf-8')[-2000:]}")


def base_image(client: docker.DockerClient) -> str:
    """The image that $BASE_IMAGE names, or a Debian bookworm made here, since no registry may be reachable."""
    given = os.environ.get("BASE_IMAGE")
    if given:
        return given
    try:
        client.images.get(BASE_IMAGE)
    except ImageNotFound:
        with tempfile.TemporaryDirectory(prefix="hansa-base-") as folder:
            _bootstrap(Path(folder) / "root", Path(folder) / "root.tar")
            repository, _, tag = BASE_IMAGE.partition(":")
            client.api.import_image_from_file(f"{folder}/root.tar", repository, tag)
    return BASE_IMAGE


def _bootstrap(root: Path, archive: Path) -> None:
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True, stdout=subprocess.DEVNULL)
    if _HOST_AUTHORITIES.is_dir():
        shutil.copytree(_HOST_AUTHORITIES, root / "usr/local/share/ca-certificates", dirs_exist_ok=True)
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
