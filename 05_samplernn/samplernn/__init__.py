"""SampleRNN: sound from a three-tier recurrent network, one sample after the other (Mehri et al. 2017)."""
