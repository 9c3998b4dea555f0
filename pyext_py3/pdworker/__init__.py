"""The bridge between Pure Data and the worker processes that run the models.

`client.Worker` lives in Pd and never makes it wait; `server.serve` answers in the worker, in the model's own
environment; `protocol` is the wire between them (PROTOCOL.md); `worker_object.WorkerObject` is what the
objects of the course days are made of. Needs Python 3.9 or later and numpy.
"""
