"""The half of pdworker that runs in Pd's process."""
