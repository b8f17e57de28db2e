"""Fine-tuning a model on trajectories, and what comes of it: an adapter or a model, a curve, a comparison."""
