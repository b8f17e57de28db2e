"""What the server sees of a kernel besides what its page shows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyter_client.multikernelmanager import AsyncMultiKernelManager

from jupyter_codeact.server.kernel import ServerKernel
from tests.notebooks.cells import knocking

LATE = """
import threading, time
def work():
    time.sleep(0.1)
    print("from the thread")
    {knock}
threading.Thread(target=work).start()
print("from the cell")
"""


CAPTURED = """
import ipywidgets
out = ipywidgets.Output()
display(out)
with out:
    print("inside")
bar = ipywidgets.IntProgress(max=4)
display(bar)
bar.value = 3
import os
os.environ["SHOP_TOKEN"] = "pw4-of-the-kernel"
!exit 3
"""
BUSY = "import time\nwhile True: time.sleep(0.01)"


async def test_what_widgets_say_and_exit_codes_are_known_without_the_page() -> None:
    manager = AsyncMultiKernelManager()
    kernel_id = await manager.start_kernel()
    page = manager.get_kernel(kernel_id).client()
    page.start_channels()
    kernel = ServerKernel(manager, lambda: kernel_id)
    try:
        await page.wait_for_ready(timeout=60)
        await kernel.variables()
        async with kernel.follow(CAPTURED) as followed:
            assert followed is not None
            followed.identify(page.execute(CAPTURED))
            shown = followed.with_widgets(await followed.result()).outputs
            assert [output["data"]["text/plain"] for output in shown] == ["inside", "3 of 4"]
            assert await kernel.settle() == 3
        assert kernel.secrets()["SHOP_TOKEN"] == "pw4-of-the-kernel"
        busy = page.execute(BUSY)
        while True:  # it has begun
            message = await page.get_iopub_msg(timeout=60)
            if message["msg_type"] == "execute_input" and message["parent_header"].get("msg_id") == busy:
                break
        assert await kernel.variables() is None  # unknown, not none
    finally:
        kernel.close()
        page.stop_channels()
        await manager.shutdown_all(now=True)


async def test_what_a_thread_showed_that_is_gone_already_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manager = AsyncMultiKernelManager()
    kernel_id = await manager.start_kernel()
    page = manager.get_kernel(kernel_id).client()
    page.start_channels()
    kernel = ServerKernel(manager, lambda: kernel_id)
    try:
        await page.wait_for_ready(timeout=60)
        await kernel.variables()
        client = kernel._client
        assert client is not None
        hear, pause = client.get_iopub_msg, 0.0

        async def hear_late(**options: Any) -> Any:
            message = await hear(**options)
            await asyncio.sleep(pause)  # the server has other work
            return message

        monkeypatch.setattr(client, "get_iopub_msg", hear_late)
        async with knocking() as knock:
            source = LATE.format(knock=knock.source)
            async with kernel.follow(source) as followed:
                assert followed is not None
                followed.identify(page.execute(source))
                await followed.result()
                await asyncio.wait_for(knock.heard.wait(), 60)
                pause = 0.03
                await kernel.settle()
                pause = 0.0
                [shown] = followed.so_far().outputs
                assert shown["text"] == "from the cell\nfrom the thread\n"
    finally:
        kernel.close()
        page.stop_channels()
        await manager.shutdown_all(now=True)
