"""Find how a simulated model errs about one entity: more often where its profile says that the question is hard."""

from collections.abc import Collection

from unco.evals.simulation.profile import Harder, Profile
from unco.small_model.label_schemes import COARSE_OF, GMNER_OF
from unco.tools.extraction.known_names import name_key
from unco.types import GoldEntity, GoldPost


def profile_for(entity: GoldEntity | None, post: GoldPost | None, profile: Profile, names: Collection[str]) -> Profile:
    """Return the profile of answers about an entity: its right answers are fewer for each reason that makes it hard.

    Args:
        entity: what is asked about; None = no entity, so that nothing makes it harder.
        post: where it stands.
        profile: of the model.
        names: names of the training data, as of `name_key`.
    """
    if entity is None or post is None:
        return profile
    for harder in profile.harder:
        if _holds(harder, entity, post, names):
            profile = profile.less_accurate(harder.lost)
    return profile


def _holds(harder: Harder, entity: GoldEntity, post: GoldPost, names: Collection[str]) -> bool:
    kinds = {entity.type, COARSE_OF.get(entity.type), GMNER_OF.get(entity.type)}
    name = name_key(" ".join(post.tokens[entity.span.start : entity.span.stop]))
    return (
        (not harder.types or not kinds.isdisjoint(harder.types))
        and (harder.known is None or harder.known == (name in names))
        and (harder.box_below is None or _is_smaller(entity, post, harder.box_below))
    )


def _is_smaller(entity: GoldEntity, post: GoldPost, share: float) -> bool:
    """Return whether an entity has boxes, and the largest covers less than a share of the picture."""
    if not entity.boxes or post.size is None:
        return False
    largest = max((box.x2 - box.x1) * (box.y2 - box.y1) for box in entity.boxes)
    return largest < share * post.size[0] * post.size[1]
