"""The ddsp package with an exact phase. Runs in the environment `tensorflow`."""

from timbre_transfer import upstream  # noqa: F401  isort: skip  (before ddsp)

import ddsp
import tensorflow as tf


def exact_phase(oscillator_bank):
    """ddsp's oscillators, computing in float64: in float32 the phase of high harmonics drifts."""

    def bank(*envelopes, **options):
        single, ddsp.core.tf_float32 = ddsp.core.tf_float32, lambda values: tf.cast(values, tf.float64)
        try:
            return tf.cast(oscillator_bank(*envelopes, **options), tf.float32)
        finally:
            ddsp.core.tf_float32 = single

    return bank
