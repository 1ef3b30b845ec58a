"""The training losses: tokens (Eq. 1), regions (Eq. 3) and debiasing (Eq. 8)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from unco.small_model.decoding.symbols import ILLEGAL_LOGIT


def token_loss(
    log_probs: Tensor, symbols: Tensor, smoothing: float = 0.0, taught: Tensor | None = None, share: float = 0.0
) -> Tensor:
    """Compute the mean cross-entropy over real steps (Eq. 1), smoothed over the legal symbols of each step.

    Args:
        log_probs: (B, L, V), symbols that do not count at about -1e4: illegal ones, or pointers to padding alone.
        symbols: (B, L), -100 = padding.
        smoothing: share of the target spread evenly over legal symbols, in [0, 1).
        taught: the teachers' distributions, see `with_teachers`.
        share: of the loss that is the teachers', in [0, 1].
    """
    real = symbols >= 0
    picked = log_probs.gather(-1, symbols.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    legal = log_probs > ILLEGAL_LOGIT / 2
    spread = (log_probs * legal).sum(-1) / legal.sum(-1).clamp(min=1)
    losses = -(1 - smoothing) * picked - smoothing * spread
    return with_teachers(losses, log_probs, taught, share)[real].mean()


def tag_loss(log_probs: Tensor, tags: Tensor, taught: Tensor | None = None, share: float = 0.0) -> Tensor:
    """Compute the mean cross-entropy of the tags over real words.

    Args:
        log_probs: (B, W, T).
        tags: (B, W), -100 = padding.
        taught: the teachers' distributions, see `with_teachers`.
        share: of the loss that is the teachers', in [0, 1].
    """
    losses = -log_probs.gather(-1, tags.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return with_teachers(losses, log_probs, taught, share)[tags >= 0].mean()


def with_teachers(losses: Tensor, log_probs: Tensor, taught: Tensor | None, share: float) -> Tensor:
    """Replace a share of each place's cross-entropy by the one with the teachers' distribution, where there is any.

    Args:
        losses: (B, L), cross-entropies with the gold labels.
        log_probs: (B, L, V).
        taught: (B, L, V), mean probabilities of the teachers; zeros where they said nothing. None = no teachers.
        share: in [0, 1].
    """
    if taught is None:
        return losses
    mixed = (1 - share) * losses - share * (taught * log_probs).sum(-1)
    return torch.where(taught.sum(-1) > 0, mixed, losses)


def region_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Compute the mean KL divergence from the target distribution, over the steps that have one (Eq. 3).

    Args:
        logits: (B, L, K + 1), -inf at padded slots.
        target: (B, L, K + 1), rows sum to 1 at `<r>` steps and to 0 elsewhere.
    """
    rows = target.sum(-1) > 0
    if not bool(rows.any()):
        return logits.new_zeros(())
    log_probs = logits[rows].log_softmax(-1)
    wanted = target[rows]
    terms = torch.where(wanted > 0, wanted * (wanted.clamp(min=1e-12).log() - log_probs), 0.0)
    return terms.sum(-1).mean()


def debiasing_loss(
    words: Tensor, spans: Tensor, regions: Tensor, overlaps: Tensor, margin: float, sum_of_pairs: bool = False
) -> Tensor:
    """Compute the triplet ranking loss between a name and regions, with a margin that shrinks with the overlap (Eq. 8).

    Anchor: the mean of an entity's word states. Positive: a candidate of IoU > 0.5 with one of its gold boxes;
    negative: any other candidate. D = 1 - cosine. The margin is that of the negative, `margin` * (1 - its IoU). The
    mean over all (positive, negative) pairs is taken, so that the weight does not grow with the number of candidates.

    Args:
        words: (B, W, d) word states.
        spans: (B, E, 2) first and stop word of each entity; (-1, -1) = padding.
        regions: (B, K, d) region states.
        overlaps: (B, E, K), each candidate's best IoU with the entity's gold boxes, in [0, 1]; -1 = padding.
        margin: lambda, >= 0.
        sum_of_pairs: sum over the pairs of a post, as Eq. 8 is written, and take the mean over the posts alone.
    """
    position = torch.arange(words.shape[1], device=words.device)
    inside = (position >= spans[..., :1]) & (position < spans[..., 1:])  # (B, E, W)
    weights = inside.to(words.dtype)
    anchors = weights @ words / weights.sum(-1, keepdim=True).clamp(min=1)
    distance = 1.0 - F.normalize(anchors, dim=-1) @ F.normalize(regions, dim=-1).transpose(1, 2)  # (B, E, K)
    positive, negative = overlaps > 0.5, (overlaps >= 0) & (overlaps <= 0.5)
    pairs = positive.unsqueeze(-1) & negative.unsqueeze(-2)  # (B, E, K, K): column is the negative
    gap = distance.unsqueeze(-1) - distance.unsqueeze(-2) + margin * (1.0 - overlaps).unsqueeze(-2)
    return gap.clamp(min=0)[pairs].sum() / (len(words) if sum_of_pairs else pairs.sum().clamp(min=1))
