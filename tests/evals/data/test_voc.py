"""Boxes of Pascal VOC files: whose they are, and what of a file cannot be used."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evals.data.test_twitter_gmner import XML, write
from unco.errors import DataError
from unco.evals.data.twitter_gmner import read_gmner
from unco.evals.data.voc import read_boxes
from unco.types import Box


@pytest.mark.parametrize("name", ["\n      NASA\n    ", " NASA ", "Nasa", "NA\nSA", "\uff2e\uff21\uff33\uff21"])
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_a_box_goes_to_the_entity_whose_name_is_spelt_otherwise(name: str, declaration: str, tmp_path: Path) -> None:
    folder = write(tmp_path, "IMGID:17\r\nNASA\tB-ORG\r\nflies\tO\r\nnas\tB-ORG\r\n\r\n")
    xml = declaration + XML.replace("Ann Lee", name, 1).replace("<width>200", "<width>200.0").replace(">30<", ">30.5<")
    (folder / "xml" / "17.xml").write_text(xml, "utf-8")
    (post,) = read_gmner(folder, "dev")
    assert [(item.type, item.boxes) for item in post.entities] == [("ORG", (Box(1, 2, 30.5, 40),)), ("ORG", ())]
    assert post.size == (200, 100)


def test_a_box_of_no_entity_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (post,) = read_gmner(write(tmp_path, "IMGID:17\nAnn\tB-PER\n"), "dev")
    assert post.entities[0].boxes == ()
    assert "1 names of boxes are no entity's" in caplog.text
    assert "17.xml: 'Ann Lee'" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda xml: "<!DOCTYPE a [<!ENTITY b 'b'>]>" + xml, "no DOCTYPE"),
        (lambda xml: '<?xml version="1.0" encoding="none"?>' + xml, "not a Pascal VOC file"),
        (lambda xml: '<?xml version="1.0" encoding="gbk"?>' + xml, "not a Pascal VOC file"),
        (lambda xml: xml.replace(">30<", ">1e999<"), "not a Pascal VOC file"),
        (lambda xml: xml.replace(">200<", ">-2<"), "not a Pascal VOC file"),
        (lambda xml: xml.replace(">200<", ">nan<"), "not a Pascal VOC file"),
        (
            lambda xml: xml.replace("annotation>", "annotations>").replace("object>", "image>"),
            "not a Pascal VOC file.*begins with <annotations>",
        ),
        (lambda xml: xml.replace("bndbox>", "polygon>"), "the object 'Ann Lee' has no bndbox"),
        (lambda xml: re.sub("<ymin>.*?</ymin>", "", xml), "a box of 'Ann Lee' has no ymin"),
        (lambda xml: re.sub("<ymin>.*?</ymin>", "<ymin>2,5</ymin>", xml), "the ymin of a box of 'Ann Lee' is '2,5'"),
    ],
)
def test_odd_xml_is_refused_by_name(spoil: Callable[[str], str], told: str, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(spoil(XML))
    with pytest.raises(DataError, match=rf"1\.xml: .*{told}"):
        read_boxes(tmp_path / "1.xml")


@pytest.mark.parametrize(
    "spell",
    [
        lambda xml: xml.replace("<annotation>", '<annotation xmlns="http://voc.example">'),
        lambda xml: xml.replace("object>", "Object>").replace("bndbox>", "bndBox>"),
        lambda xml: re.sub(r"</object>\s*<object>\s*<name>Ann Lee</name>", "", xml),
        lambda xml: xml.replace("annotation>", "root>"),
    ],
    ids=["in a namespace", "in capitals", "two boxes of one object", "under another root"],
)
def test_boxes_are_read_however_a_tool_writes_its_tags(spell: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(XML)
    (tmp_path / "2.xml").write_text(spell(XML))
    assert spell(XML) != XML
    assert read_boxes(tmp_path / "2.xml") == read_boxes(tmp_path / "1.xml")


@pytest.mark.parametrize("name", ["17.XML", "17.jpg.xml", "17.JPG.Xml"])
def test_a_file_of_boxes_is_found_by_its_id(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path, "IMGID:17\nAnn\tB-PER\nLee\tI-PER\n")
    (folder / "xml" / "17.xml").rename(folder / "xml" / name)
    (post,) = read_gmner(folder, "dev")
    assert len(post.entities[0].boxes) == 2


@pytest.mark.parametrize("identity", ["IMGID:18\n", ""])
def test_a_folder_of_boxes_for_none_of_the_posts_is_told(
    identity: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read_gmner(write(tmp_path, f"{identity}Ann\tB-PER\n"), "dev")
    assert "holds 1 files of boxes, and none is called <id>.xml by the IMGID line of one of the 1 posts" in caplog.text


@pytest.mark.parametrize("size", ["<size><width>0</width><height>0</height></size>", "", "<size/>"])
def test_a_size_that_the_tool_did_not_know_is_none(size: str, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(re.sub("<size>.*</size>", size, XML))
    found, boxes = read_boxes(tmp_path / "1.xml")
    assert (found, len(boxes["Ann Lee"])) == (None, 2)
