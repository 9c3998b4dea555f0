"""The half of pdworker that runs in the worker process."""
