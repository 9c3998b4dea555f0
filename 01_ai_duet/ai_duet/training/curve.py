"""The picture of a training run."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ai_duet.training.run_folder import History


def draw(history: History, path: Path, title: str, markov_perplexity: float) -> None:
    """Write the learning curve as PNG: training and held-out perplexity over steps, and the line to beat."""
    axes = (figure := Figure(figsize=(7, 4), layout="constrained")).add_subplot()
    steps = [row["step"] for row in history.rows]
    axes.plot(steps, [row["training_perplexity"] for row in history.rows], label="melodies it learns from")
    axes.plot(steps, [row["perplexity"] for row in history.rows], label="melodies held out")
    axes.axhline(markov_perplexity, color="grey", linestyle=":", label="third-order Markov chain")
    axes.axvline(history.best["step"], color="grey", linewidth=0.5)
    axes.set(title=title, xlabel="step", ylabel="perplexity (lower is better)")
    axes.set_ylim(1, 2 * markov_perplexity)  # the first steps are far above and say nothing
    axes.legend()
    figure.savefig(path, dpi=100)
