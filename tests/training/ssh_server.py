"""A real sshd on loopback, with keys, a port and a home of its own in a folder."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/user_key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv {variables}
Subsystem sftp internal-sftp
"""

CLIENT = """
Host {name}
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking accept-new
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SshServer:
    """Reached by `ssh labmachine` when `environment` is used; whoever comes in is at home in `home`.

    variables: what a session over there finds in its environment.
    """

    name = "labmachine"

    def __init__(self, folder, variables):
        self.folder, self.home = Path(folder), Path(folder, "home")
        self.home.mkdir(parents=True)
        for key in ("host_key", "user_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / key], check=True
            )
        facts = {"folder": self.folder, "port": free_port(), "name": self.name}
        words = " ".join(f'"{name}={value}"' for name, value in variables.items())
        (self.folder / "sshd_config").write_text(SERVER.format(variables=words, **facts))
        (self.folder / "config").write_text(CLIENT.format(**facts))
        self._programs()
        self.start()

    def _programs(self):
        """ssh as the user has it, but with our configuration; over there, a shell that is at home in our folder."""
        programs = self.folder / "bin"
        programs.mkdir()
        ssh = programs / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/config "$@"\n')
        ssh.chmod(0o755)
        home = self.folder / "at_home"
        home.write_text(f'#!/bin/sh\nexport HOME={self.home}\ncd "$HOME" && eval "$SSH_ORIGINAL_COMMAND"\n')
        home.chmod(0o755)
        with (self.folder / "sshd_config").open("a") as config:
            config.write(f"ForceCommand {home}\n")
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}"}

    def start(self):
        """Listen again."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        log = self.folder / "sshd.log"
        self._server = subprocess.Popen([sshd, "-D", "-f", self.folder / "sshd_config", "-E", log])
        for _ in range(100):
            if (self.folder / "sshd.pid").exists():
                return
            assert self._server.poll() is None, log.read_text()
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    def cut(self):
        """End every connection and listen no more, as when a cable is pulled."""
        (self.folder / "sshd.pid").unlink(missing_ok=True)
        children = subprocess.run(
            ["pgrep", "-P", str(self._server.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        self._server.terminate()
        self._server.wait()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def close(self):
        """End it."""
        if self._server.poll() is None:
            self.cut()
