"""How each kind of file becomes clean text: one format a file.  The doors are readers.py and corpus.py, one level up."""
