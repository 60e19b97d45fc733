"""What a container finds when it begins: its folder and its environment, as AWS Lambda defines them.

Chapter "A cloud on your laptop". Source: AWS Lambda developer guide, "Defined runtime environment variables". The code
cannot be written to, as on Lambda; what Lambda has at /tmp is at TMPDIR. Left out: credentials, layers.
"""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from faaslab.runtime.arn import REGION
from faaslab.runtime.sandbox.processes import CONTAINER_VARIABLE, RUNTIME_VARIABLE

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def make_folder(folder: Path, code: Path):
    """`task` with a link to every entry of the code, and an empty `tmp`."""
    task, temporary = folder / "task", folder / "tmp"
    task.mkdir(mode=0o700, parents=True)
    temporary.mkdir(mode=0o700)
    with os.scandir(code) as entries:
        for entry in entries:
            try:
                os.symlink(entry.path, task / entry.name)
            except OSError:  # Windows allows it to developers alone
                shutil.copytree(entry.path, task / entry.name) if entry.is_dir() else shutil.copy2(entry.path, task)


def remove_folder(folder) -> bool:
    """Remove a folder, also what a function has locked in it; whether it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        for path, names, _ in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    if not os.path.islink(os.path.join(path, name)):
                        os.chmod(os.path.join(path, name), 0o700)
        shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def base_environment(runtime_id: str) -> dict[str, str]:
    """What every process of a runtime is given, zygotes included. Nothing of our own environment is passed on."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    paths = [os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]
    given = {
        "PATH": os.pathsep.join(paths),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
        RUNTIME_VARIABLE: runtime_id,
    } | dict.fromkeys(ONE_THREAD, "1")
    if sys.platform == "win32":  # without it Python does not find the system's libraries
        given["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return given


def container_environment(runtime_id, container_id, deployment, api_address, folder: Path) -> dict[str, str]:
    """The environment of a container: Lambda's variables, the deployment's own, and ours for finding it again."""
    temporary = str(folder / "tmp")
    provisioned = "provisioned-concurrency" if getattr(deployment, "provisioned", 0) else "on-demand"
    return {
        **base_environment(runtime_id),
        **deployment.environment,
        "HOME": temporary,
        "TMPDIR": temporary,
        "LAMBDA_TASK_ROOT": str(folder / "task"),
        "LAMBDA_RUNTIME_DIR": str(Path(__file__).parents[1] / "worker"),
        "_HANDLER": deployment.handler,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": provisioned,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{deployment.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"[$LATEST]{container_id}",
        RUNTIME_VARIABLE: runtime_id,
        CONTAINER_VARIABLE: str(container_id),
    }
