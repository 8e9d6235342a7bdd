"""What `spaces` of Hugging Face does on a Space that lends a GPU, without one: work is forked, asked for beforehand, and refused.

As there: arguments and what is yielded are pickled between processes; nothing else that the fork changes comes back; closing the
generator closes it in the fork; an exception comes back by its class's name alone; without a request there is nobody whose minutes
could be counted.  STAND_IN_CHUNKS says how often a GPU is lent.  Put this folder before others on PYTHONPATH.
"""

import inspect
import multiprocessing
import os
import threading

fork = multiprocessing.get_context("fork")
lent: list[tuple[int, int]] = []  # (seconds asked for, the fork's process) of each time


def GPU(task=None, *, duration=60, size=None):
    if task is None:
        return lambda task: GPU(task, duration=duration, size=size)
    assert inspect.isgeneratorfunction(task), "this stand-in knows generators alone"

    def on_the_gpu(*args):
        from gradio.context import LocalContext

        if LocalContext.request.get(None) is None:
            raise RuntimeError("Space app has reached its GPU limit")
        if len(lent) >= int(os.environ["STAND_IN_CHUNKS"]):
            raise RuntimeError("You have exceeded your GPU quota")
        asked, said, stop = fork.SimpleQueue(), fork.SimpleQueue(), fork.Event()

        def work():
            generator = task(*asked.get())
            try:
                for found in generator:
                    if stop.is_set():
                        generator.close()
                        break
                    said.put(("yields", found))
                said.put(("ends", None))
            except Exception as error:
                said.put(("fails", type(error).__name__))

        process = fork.Process(target=work, daemon=True)
        process.start()
        lent.append((duration, process.pid))
        threading.Thread(target=asked.put, args=(args,), daemon=True).start()  # more than a pipe holds, perhaps
        while True:
            what, found = said.get()
            if what == "fails":
                raise RuntimeError(f"ZeroGPU worker error: {found}")
            if what == "ends":
                process.join()
                return
            try:
                yield found
            except GeneratorExit:
                stop.set()
                while said.get()[0] == "yields":
                    pass
                process.join()
                raise

    return on_the_gpu
