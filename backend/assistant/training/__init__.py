"""Content becomes a release; whoever publishes needs scikit-learn, whoever serves never does."""

from backend.assistant.training.build import (
    Material,
    build,
    learn,
    material_of,
    release_of,
    samples,
)
from backend.assistant.training.whole import train

__all__ = ["Material", "build", "learn", "material_of", "release_of", "samples", "train"]
