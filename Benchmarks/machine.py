"""What a record says of the machine."""

import os
import pathlib
import platform


def machine():
    """Processor, cores and system."""
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()}"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()
