"""Content becomes a release; whoever publishes needs scikit-learn, whoever serves never does."""

from backend.assistant.training.build import Material, build, material_of, samples, train

__all__ = ["Material", "build", "material_of", "samples", "train"]
