"""A page on this machine in which GANs are trained in the plane, to play with: `python -m jaxgan.play`.

The browser draws and asks; what trains is the engine (`setting.py`), one session a connection (`session.py`).
"""
