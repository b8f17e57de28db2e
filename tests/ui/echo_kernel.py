"""A kernel of a language that is not Python: whatever it is given to run, it says back."""

from __future__ import annotations

from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class EchoKernel(Kernel):
    """Speaks Echo."""

    implementation = "echo"
    implementation_version = "1"
    banner = "Echo"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}  # noqa: RUF012

    async def do_execute(self, code: str, *_: Any, **__: Any) -> dict[str, Any]:
        """Say it back."""
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": []}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=EchoKernel)
