"""The wing for what comes after the plain transformer: other architectures, continual learning, and what compares them."""
