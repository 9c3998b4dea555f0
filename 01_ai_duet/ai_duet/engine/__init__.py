"""What `ai_duet.model` is made of: bundles, encodings, the layers; worker process, no Pd."""
