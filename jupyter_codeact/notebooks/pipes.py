"""What child processes and C code print in a kernel, in full when its cell is done.

They write to file descriptors 1 and 2, whose other ends ipykernel reads in threads of its own. A cell may
be done while such a thread holds what it has read, and nothing tells. So the kernel that we start reads
these pipes under a lock, and empties them once more at the end of each cell.
"""

PREPARE = """
import _thread, codecs, os, sys, threading, time
from select import select

def prepare(namespace, sentence):
    shell = namespace["get_ipython"]()
    if sentence:
        shell.ask_exit = lambda *_: print(sentence, file=sys.stderr)
    streams = {getattr(stream, "_fid", None): stream for stream in (sys.stdout, sys.stderr)}
    streams.pop(None, None)
    if not streams:
        return "true"
    for stream in streams.values():  # ends ipykernel's thread as its own close() does
        stream._should_watch = False
        os.write(stream._original_stdstream_fd, b"\\0")
        stream.watch_fd_thread.join()
        stream._should_watch = True
    decoders = {pipe: codecs.getincrementaldecoder("utf-8")("replace") for pipe in streams}
    lock = threading.Lock()

    def pass_on():
        end = time.monotonic() + 1
        with lock:
            while time.monotonic() < end:
                ready = select(list(streams), (), (), 0)[0]
                for pipe in ready:
                    data = os.read(pipe, 65536)
                    text = decoders[pipe].decode(data)
                    if text:
                        streams[pipe].write(text)
                    os.write(streams[pipe]._original_stdstream_copy, data)
                if not ready:
                    break

    def watch():
        try:
            while True:
                select(list(streams), (), ())
                pass_on()
        except (OSError, ValueError):  # the kernel ends
            return

    # not of threading, whose threads some versions of ipykernel tie to the request that starts them
    _thread.start_new_thread(watch, ())
    shell.events.register("post_execute", pass_on)
    return "true"
"""
"""Runs in a kernel that has just started. Its second argument is said where a cell asks to exit."""
