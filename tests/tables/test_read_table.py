import pathlib

import pandas
import pytest

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import read_table

ROWS = "".join(f"{i},{i * 2},{'ab'[i % 2]}\n" for i in range(25))


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("separator", "name"), [(",", "t.csv"), ("\t", "t.tsv")])
def test_text_is_read_by_its_ending(tmp_path, separator, name):
    path = write(tmp_path, name, ("x,y,z\n" + ROWS).replace(",", separator))
    frame = read_table(path)
    assert list(frame.columns) == ["x", "y", "z"]
    assert frame["y"].tolist() == [2 * i for i in range(25)]
    assert read_table(str(path)).equals(frame)


def test_parquet_gives_what_was_written(tmp_path):
    frame = pandas.DataFrame({"x": range(25), "z": ["a", "b", "c", "d", "e"] * 5})
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").equals(frame)


def test_a_frame_is_copied():
    frame = pandas.DataFrame({1: range(25), " y ": range(25)}, index=range(100, 125))
    read = read_table(frame)
    assert list(read.columns) == ["1", "y"]
    assert read.index.tolist() == list(range(25))
    read.loc[0, "1"] = 99
    assert frame.iloc[0, 0] == 0


def test_a_named_index_is_not_lost_silently():
    frame = pandas.DataFrame({"x": range(25)}, index=pandas.Index(range(25), name="day"))
    with pytest.warns(DataWarning, match="day"):
        read_table(frame)


def test_byte_order_mark_and_spaces_are_not_part_of_names(tmp_path):
    path = write(tmp_path, "t.csv", b"\xef\xbb\xbf" + ("x, y, z\n" + ROWS.replace(",", ", ")).encode())
    frame = read_table(path)
    assert list(frame.columns) == ["x", "y", "z"]
    assert set(frame["z"]) == {"a", "b"}


def test_separator_and_encoding_are_used(tmp_path):
    path = write(tmp_path, "t.csv", ("x;y;é\n" + ROWS.replace(",", ";")).encode("latin-1"))
    assert list(read_table(path, separator=";", encoding="latin-1").columns) == ["x", "y", "é"]


def test_missing_file_names_close_ones(tmp_path):
    write(tmp_path, "customers.csv", "x,y\n")
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'customers\.csv'"):
        read_table(tmp_path / "custmers.csv")
    with pytest.raises(FileNotFoundError, match="folder does not exist"):
        read_table(tmp_path / "nowhere" / "t.csv")


BAD_TEXT = {
    "no bytes": ("", "is empty"),
    "blank lines": ("\n\n  \n", "is empty"),
    "header only": ("x,y\n", "no rows"),
    "three rows": ("x,y\n1,2\n3,4\n5,6\n", "has 3 rows. Expected at least 20"),
    "duplicated names": ("x,y,x\n" + ROWS, r"more than once: \['x'\]"),
    "no header": (ROWS.replace("a", "1").replace("b", "2"), "Received only numbers"),
    "more cells than names": ("x,y\n" + ROWS, "more cells than its header"),
    "ragged": ("x,y,z\n" + ROWS + "1,2,3,4\n", "not a regular table"),
    "open quote": ('x,y,z\n1,2,"a\n' + ROWS, "not a regular table"),
    "zeros": (b"\x00" * 50, "."),
}


@pytest.mark.parametrize(("content", "message"), BAD_TEXT.values(), ids=BAD_TEXT)
def test_bad_text_gets_a_clear_error(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_table(write(tmp_path, "t.csv", content))


@pytest.mark.parametrize(("separator", "typed"), [(";", ";"), ("\t", r"\\t"), ("|", r"\|")])
def test_wrong_separator_is_named(tmp_path, separator, typed):
    content = ("x,y,z\n" + ROWS).replace(",", separator)
    with pytest.raises(ValueError, match=rf'separator="{typed}".*--separator "{typed}"'):
        read_table(write(tmp_path, "t.csv", content))


def test_wrong_separator_is_named_also_with_decimal_commas(tmp_path):
    content = "x;y\n" + "1,5;2,5\n" * 25
    with pytest.raises(ValueError, match="--separator"):
        read_table(write(tmp_path, "t.csv", content))


def test_a_comma_file_called_tsv_is_named(tmp_path):
    with pytest.raises(ValueError, match='separator=","'):
        read_table(write(tmp_path, "t.tsv", "x,y,z\n" + ROWS))


def test_undecodable_bytes_are_located(tmp_path):
    content = ("x,y,z\n" + ROWS).encode() + b"1,2,caf\xe9\n"
    offset = content.index(b"\xe9")
    with pytest.raises(ValueError, match=rf"not utf-8 text at byte offset {offset} \(line 27\): 0xe9.*encoding="):
        read_table(write(tmp_path, "t.csv", content))


def test_undecodable_header_is_located(tmp_path):
    with pytest.raises(ValueError, match=r"byte offset 0 .*encoding=\"utf-16\""):
        read_table(write(tmp_path, "t.csv", ("x,y,z\n" + ROWS).encode("utf-16")))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a folder"):
        read_table(tmp_path)
    with pytest.raises(ValueError, match="ending must be one of"):
        read_table(write(tmp_path, "t.xlsx", "x"))
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        read_table(write(tmp_path, "t.parquet", "nonsense"))
    with pytest.raises(ValueError, match="empty"):
        read_table(write(tmp_path, "u.parquet", ""))


def test_frames_are_checked_like_files():
    frame = pandas.DataFrame([[1, 2]] * 25, columns=["x", "x"])
    with pytest.raises(ValueError, match=r"must differ.*\['x'\]"):
        read_table(frame)
    with pytest.raises(ValueError, match="3 rows"):
        read_table(pandas.DataFrame({"x": range(3)}))
    levels = pandas.DataFrame([[1]] * 25, columns=pandas.MultiIndex.from_tuples([("a", "b")]))
    with pytest.raises(ValueError, match="one level"):
        read_table(levels)


def test_arguments_are_checked(tmp_path):
    path = write(tmp_path, "t.csv", "x,y,z\n" + ROWS)
    with pytest.raises(TypeError, match="path of a file or a pandas DataFrame"):
        read_table(3)
    with pytest.raises(ValueError, match="one that Python knows"):
        read_table(path, encoding="klingon")
    with pytest.raises(ValueError, match="one character"):
        read_table(path, separator=";;")
    with pytest.raises(ValueError, match="minimum_rows"):
        read_table(path, minimum_rows=0)
    with pytest.raises(ValueError, match="for text files"):
        read_table(pandas.DataFrame({"x": range(25)}), separator=",")
    assert len(read_table(pathlib.Path(path), minimum_rows=25)) == 25
