"""Real processes of Crosswalk, made to be killed: the commands `serve` and `worker`, each in a fork of a process that has loaded them.

Starting Python and loading everything takes seconds, and here it happens at every kill; a fork takes milliseconds. From there on nothing
is shared: settings come from the environment, all else from the database.
"""

import multiprocessing
import os
from contextlib import contextmanager
from pathlib import Path


def run(arguments, environment, log):
    """Run a command in this process until it ends."""
    with Path(log).open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(environment)
    from crosswalk.cli.main import app

    app(arguments)


class Herd:
    """The processes of one installation, in the order of their commands."""

    def __init__(self, environment, folder, commands):
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["crosswalk.cli.main"])
        self._environment, self._folder = environment, folder
        self._commands = commands
        self._running = [self._started(place) for place in range(len(commands))]

    def __len__(self):
        return len(self._running)

    def kill(self, place):
        """End one process at once, whatever it is doing, and start another in its place."""
        self._running[place].kill()
        self._running[place].join()
        self._running[place] = self._started(place)

    def stop(self):
        """Let all processes finish what they are doing and return how each ended."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.join(20)
            if process.exitcode is None:
                process.kill()
                process.join()
        return [process.exitcode for process in self._running]

    def told(self):
        """Return what the processes have written."""
        return "\n".join(path.read_text("utf-8") for path in sorted(self._folder.glob("process-*.log")))

    def _started(self, place):
        log = str(self._folder / f"process-{place}.log")
        process = self._forks.Process(target=run, args=(self._commands[place], self._environment, log))
        process.start()
        return process


@contextmanager
def herd(environment, folder, commands):
    """Run the commands as long as the context lasts."""
    made = Herd(environment, folder, commands)
    try:
        yield made
    finally:
        made.stop()
