"""The bridge between Pure Data and the worker processes that run the models.

host      what runs in Pd's process: `pd_object.PdObject`, on which the objects of the course days are built, and
          `worker.Worker` below it, which never makes Pd wait
serving   what runs in the worker process, in the model's own environment: `server.serve` answers calls, `live` plays
          on an audio stream
protocol  the frames between the two (PROTOCOL.md)
rights    what a worker may do with files, which it keeps to by `confinement` and `system_calls`

Needs Python 3.9 or later and numpy.
"""
