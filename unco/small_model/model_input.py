"""The small model's input: a post's words, candidate regions, picture size and caption."""

from dataclasses import dataclass

from unco.small_model.regions.region import Region, with_whole_picture


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One post as input of the small model."""

    words: tuple[str, ...]
    regions: tuple[Region, ...] = ()
    """Candidates; the whole picture is added where it is not among them."""
    size: tuple[int, int] | None = None
    """(width, height) of the picture in pixels; None = no picture, so nothing is groundable."""
    caption: str = ""
    """What the picture shows, in words, where the model was trained with captions."""

    @property
    def candidates(self) -> tuple[Region, ...]:
        """The regions that the model chooses among: those given and the whole picture; none without a picture."""
        return with_whole_picture(self.regions, self.size) if self.size else ()
