"""Another process that holds a key."""

import subprocess
import sys
from pathlib import Path

HOLD = """
import asyncio, sys
from pathlib import Path
from unco.tools.llm.cache.process_locks import ProcessLocks
async def hold():
    async with ProcessLocks(Path(sys.argv[1])).held(sys.argv[2]):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


def holder(path: Path, key: str) -> subprocess.Popen[str]:
    """Start a process that holds a key; return once it does."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path), key], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process
