"""Day 3, GANSynth: notes from points of a latent space, played in Pure Data."""
