"""Trains a whole release of content: the model of the services, and the small one of talk beside it."""

import hashlib
from dataclasses import replace

from backend.assistant.content.intents import Content
from backend.assistant.meaning import Encoder, Script
from backend.assistant.releases.release import Release
from backend.assistant.training.build import (
    Material,
    Progress,
    build,
    learn,
    material_of,
    release_of,
)
from backend.assistant.training.enough import ensure_enough
from backend.assistant.training.meaning import learn_meaning
from backend.assistant.training.talk import bill_kinds_of, sayings_of, talk_material


def train(content: Content, progress: Progress, encoder: Encoder | None = None) -> Release:
    """Build the release of `content`, or raise `TooLittle`. The same content gives the same release.

    The services are learnt from their own phrases alone, so that talk never moves their figures. An
    `encoder` gives a second opinion where that puts more of the phrases right.
    """
    services = _services(material_of(content), progress, encoder)
    material = talk_material(content)
    if material is None:
        return services
    progress("the same for what asks for no service")
    talk = build(material, progress)
    return replace(
        services,
        version=_joint_version(services.version, talk.version),
        talk=talk,
        sayings=sayings_of(content),
        bill_kinds=bill_kinds_of(content),
    )


def _services(material: Material, progress: Progress, encoder: Encoder | None) -> Release:
    ensure_enough(material)
    learnt = learn(material, progress)
    release = release_of(material, learnt)
    if encoder is None:
        return release
    progress("encoding every phrase")
    meaning = learn_meaning(encoder, material, learnt.unseen)
    shares = {script: meaning.shares[script] if meaning else 0 for script in Script}
    told = ", ".join(f"{script} {share:g}" for script, share in shares.items())
    progress(f"how much the second opinion counts (0: it does not help): {told}")
    return replace(release, meaning=meaning)


def _joint_version(services: str, talk: str) -> str:
    """Name a release by the hashes of its content and of all that came out."""
    content, _, _ = services.rpartition("-")
    return f"{content}-{hashlib.sha256(f'{services} {talk}'.encode()).hexdigest()[:8]}"
