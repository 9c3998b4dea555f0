"""A real Slurm on one machine, in a folder of its own: munged, slurmctld, one slurmd."""

import contextlib
import getpass
import os
import socket
import subprocess
from pathlib import Path

from dlwakit.pdtools.processes import ending_with_us, free_port
from support.tools import need, program
from support.waiting import wait_until

CONFIGURATION = """
ClusterName=classroom
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
KillWait=5
SlurmdTimeout=20
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 State=UNKNOWN
PartitionName=classroom Nodes={host} Default=YES MaxTime=60 State=UP
"""


class SlurmCluster:
    """Started by `with`; `environment` is what Slurm's commands need. Everything ends and goes with it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.host = socket.gethostname().split(".")[0]
        self.environment = {"SLURM_CONF": str(self.folder / "slurm.conf")}
        self._daemons = {}

    def __enter__(self):
        (self.folder / "state").mkdir(parents=True)
        (self.folder / "spool").mkdir()
        self.folder.chmod(0o755)
        ports = {"controller_port": free_port(), "node_port": free_port()}
        text = CONFIGURATION.format(host=self.host, folder=self.folder, user=getpass.getuser(), **ports)
        (self.folder / "slurm.conf").write_text(text)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        names = {"key-file": key, "socket": self.folder / "munge.socket"}
        names |= {f"{name}-file": self.folder / f"munge.{name}" for name in ("pid", "log", "seed")}
        options = [f"--{name}={path}" for name, path in names.items()]
        try:
            self._start("munged", "--foreground", "--force", *options)
            self._wait_for(lambda: (self.folder / "munge.socket").exists(), "munged")
            self._start("slurmctld", "-D", "-f", self.folder / "slurm.conf")
            self.start_node()
            self._wait_for(lambda: self.slurm("sinfo", "-h", "-o", "%T").stdout.strip() == "idle", "slurmd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if "slurmctld" in self._daemons:
            self.slurm("scancel", f"--user={getpass.getuser()}")
            with contextlib.suppress(AssertionError):
                self._wait_for(lambda: not self.slurm("squeue", "-h").stdout, "the queue", seconds=10)
        for name in reversed(list(self._daemons)):
            self.kill(name)

    def start_node(self):
        """Start slurmd."""
        self._start("slurmd", "-D", "-N", self.host, "-f", self.folder / "slurm.conf")

    def kill(self, name):
        """End a daemon."""
        daemon = self._daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def slurm(self, *command):
        """Run one of Slurm's commands."""
        return subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=60
        )

    def _start(self, name, *arguments):
        need(name)
        with (self.folder / f"{name}.out").open("a") as output:
            self._daemons[name] = subprocess.Popen(
                ending_with_us("TERM", [program(name), *map(str, arguments)]),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _wait_for(self, ready, name, seconds=30):
        output = self.folder / f"{name}.out"
        wait_until(ready, lambda: f"{name}: {output.read_text() if output.exists() else ''}", seconds)
