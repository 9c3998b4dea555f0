"""A real sshd on loopback, with keys, a port and a home of its own in a folder."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from dlwakit.pdtools.processes import ending_with_us, free_port
from support.tools import need, program
from support.waiting import wait_until

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


class SshServer:
    """Reached by `ssh labmachine` when `environment` is used; whoever comes in is at home in `home`.

    variables: what a session over there finds in its environment.
    """

    name = "labmachine"

    def __init__(self, folder, variables):
        need("sshd", "ssh", "rsync")
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
        ssh.write_text(f'#!/bin/sh\nexec {program("ssh")} -F {self.folder}/config "$@"\n')
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
        log = self.folder / "sshd.log"
        command = [program("sshd"), "-D", "-f", self.folder / "sshd_config", "-E", log]
        self._server = subprocess.Popen(ending_with_us("TERM", command))
        started = self.folder / "sshd.pid"
        wait_until(lambda: started.exists() or self._server.poll() is not None, "sshd")
        assert started.exists(), log.read_text()

    def cut(self):
        """End every connection and listen no more, as when a cable is pulled."""
        (self.folder / "sshd.pid").unlink(missing_ok=True)
        children = subprocess.run(
            ["pgrep", "-P", str(self._server.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        self._server.terminate()
        self._server.wait()
        for child in children:
            with contextlib.suppress(ProcessLookupError):  # it may have ended with the server
                os.kill(int(child), signal.SIGKILL)

    def close(self):
        """End it."""
        if self._server.poll() is None:
            self.cut()
