"""Pictures: loaded by a rule, decoded within limits, resized, stored, and drawn on; `open_picture` is the door."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unco.tools.pictures.decode import Picture as Picture
    from unco.tools.pictures.decode import open_picture as open_picture

_DOORS = ("Picture", "open_picture")


def __getattr__(name: str) -> Any:
    """Load the decoder when it is first used: importing a part of this room must not load the others."""
    if name in _DOORS:
        from unco.tools.pictures import decode

        return getattr(decode, name)
    raise AttributeError(f"module 'unco.tools.pictures' has no attribute {name!r}")
