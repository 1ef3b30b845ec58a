"""Tiny random text models, saved by transformers in their own format with a tokenizer."""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, processors

from tests.tiny import byte_tokenizer, tiny_tokenizer

BERT = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
BART = {"d_model": 32} | {
    f"{side}_{name}": value
    for side in ("encoder", "decoder")
    for name, value in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 64))
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("bert", BERT | {"max_position_embeddings": 128}),
    "roberta": ("roberta", BERT | {"max_position_embeddings": 130, "pad_token_id": 1, "bos_token_id": 0}),
    "bart": ("bart", BART | {"max_position_embeddings": 128, "pad_token_id": 1, "bos_token_id": 0}),
    "distilbert": ("distilbert", {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}),
    "deberta": ("deberta-v2", BERT | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "electra": ("electra", BERT | {"embedding_size": 16}),
    "albert": ("albert", BERT | {"embedding_size": 16}),
    "t5": ("t5", {"d_model": 32, "d_kv": 8, "num_layers": 2, "num_heads": 4, "d_ff": 64}),
}


def save(folder: Path, kind: str, **changes: Any) -> Any:
    """A random model of transformers with its tokenizer, in a folder."""
    torch.manual_seed(0)
    bytes_are_pieces = kind in ("roberta", "bart", "t5")
    tokenizer: Tokenizer = byte_tokenizer() if bytes_are_pieces else tiny_tokenizer()
    first, last = ("<s>", "</s>") if bytes_are_pieces else ("[CLS]", "[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in (first, last)],
    )
    name, settings = KINDS[kind]
    config = transformers.AutoConfig.for_model(name, vocab_size=tokenizer.get_vocab_size(), **settings | changes)
    model = transformers.AutoModel.from_config(config).eval()  # type: ignore[no-untyped-call]  # of transformers
    model.save_pretrained(folder)
    save_tokenizer(folder, tokenizer)
    return model


def save_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    """A tokenizer in the form of transformers."""
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)  # type: ignore[no-untyped-call]  # of transformers
    fast.save_pretrained(folder)
