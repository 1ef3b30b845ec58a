"""The training command from a data folder to a checkpoint with its card, on a tiny encoder saved by transformers."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.tiny import tiny_tokenizer
from unco.errors import SettingsError, SetupError
from unco.evals import run_training
from unco.evals.run_training import minilm_folder, score_checkpoint
from unco.evals.show_report import show_report
from unco.small_model.checkpoint import load_checkpoint

XML = """<annotation><size><width>200</width><height>100</height></size><object><name>Ann Lee</name>
<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>60</xmax><ymax>90</ymax></bndbox></object></annotation>"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "txt").mkdir(parents=True)
    (folder / "xml").mkdir()
    for split, count in (("train", 8), ("dev", 4), ("test", 4)):
        posts = [
            f"IMGID:{split}{i}\nAnn\tB-PER\nLee\tI-PER\nmet\tO\nOwls\tB-ORG\nhere\tO\nParis\tB-LOC\nCup\tB-OTHER\n"
            for i in range(count)
        ]
        (folder / "txt" / f"{split}.txt").write_text("\n".join(posts), "utf-8")
        for i in range(count):
            (folder / "xml" / f"{split}{i}.xml").write_text(XML, "utf-8")
    return folder


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    transformers = pytest.importorskip("transformers")
    tokenizer = tiny_tokenizer()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = transformers.BertConfig(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=128, **sizes)
    folder = tmp_path / "encoder"
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_train_save_card_and_score_again(
    data: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("accelerate", reason="needs accelerate, of the dev and train extras")
    monkeypatch.setattr(run_training, "minilm_folder", lambda: encoder)
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text("name: tiny\nepochs: 1\nbatch_size: 4\n")
    out = tmp_path / "run"
    report = run_training.run_training(data, str(recipe), out)
    assert report.test.posts == 4
    checkpoint = load_checkpoint(out / "checkpoint")
    assert checkpoint.network.config.types == ("PER", "LOC", "ORG", "OTHER")
    card = (out / "checkpoint" / "README.md").read_text("utf-8")
    assert f"{100 * report.test.f1:.2f}" in card
    assert score_checkpoint(data, out / "checkpoint") == report, "what was measured is what was saved"
    without = score_checkpoint(data, out / "checkpoint", dropout=0.0, encoder_layers=0)
    assert without.test.f1 == report.test.f1, "dropout is for the uncertainty, the prediction stays"
    with pytest.raises(SettingsError, match="has 2 layers, not 3"):
        score_checkpoint(data, out / "checkpoint", encoder_layers=3)
    show_report(report, Console(width=120))
    assert "AUROC" in capsys.readouterr().out


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_training, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"\[train\]"):
        minilm_folder()
