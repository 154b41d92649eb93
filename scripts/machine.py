"""machine: what this machine's processor is called, for results and their files' names."""

import platform
import re


def cpu_name():
    try:
        with open("/proc/cpuinfo") as info:
            fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", info.read(), re.M))
        # Virtual machines shorten the name; family and model tell the generation.
        return f"{fields['model name']} family {fields['cpu family']} model {fields['model']}"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def file_name(machine):
    """amd-epyc-family-25-model-17 of AMD EPYC family 25 model 17."""
    return re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-")
