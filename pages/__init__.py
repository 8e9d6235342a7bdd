"""The app's pages, one file a tab, and the only code that knows Gradio.

A handler reads its inputs, calls the engine and formats what comes back; training, file formats and models live in
vibejam/.
"""
