import posixpath

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headgate.safe_path import CLASH, key_to_path, path_to_key

# Any text that S3 can carry as a key (UTF-8, 1 to 1,024 bytes), with the characters that hurt made likely.
AWKWARD = st.sampled_from(
    ["/", ".", "..", "%", "%-", "%+", "%41", "=", " ", "a", "\x00", "\x1f", "한", "😀", "\\"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KEYS = (
    st.lists(AWKWARD | TEXT, min_size=1, max_size=30)
    .map("".join)
    .filter(lambda key: 0 < len(key.encode()) <= 1024)
)


@settings(derandomize=True)
@given(KEYS)
@example("a" * 1024)
@example("%" * 1024)
@example("한" * 341)
@example("/".join(["a" * 240] * 4))
def test_a_key_s_path_reads_back_as_the_key_also_where_it_stepped_aside(key: str) -> None:
    assert path_to_key(key_to_path(key)) == key
    assert path_to_key(key_to_path(key) + CLASH) == key


@settings(derandomize=True)
@given(KEYS)
@example("../../etc/passwd")
@example("/..//./../")
def test_no_key_leaves_its_folder_or_breaks_a_file_system_s_rules(key: str) -> None:
    path = key_to_path(key)
    assert posixpath.normpath(f"/base/{path}") == f"/base/{path}"
    assert "\x00" not in path
    assert all(0 < len(name.encode()) <= 255 for name in (path + CLASH).split("/"))


@settings(derandomize=True)
@given(st.tuples(KEYS, KEYS).filter(lambda pair: pair[0] != pair[1]))
@example(("a%", "a"))
@example(("a/%-", "a/"))
def test_two_keys_never_share_a_file(keys: tuple[str, str]) -> None:
    first, second = map(key_to_path, keys)
    assert len({first, second, first + CLASH, second + CLASH}) == 4


@settings(derandomize=True)
@given(KEYS)
@example("100%")
def test_a_file_is_an_object_only_under_the_name_that_its_key_is_written_to(name: str) -> None:
    key = path_to_key(name)
    assert key is None or name.removesuffix(CLASH) == key_to_path(key)


@settings(derandomize=True)
@given(st.from_regex(r"[A-Za-z0-9_=.,+ -]{2,40}(/[A-Za-z0-9_=,+ -]{1,40}){0,4}", fullmatch=True))
@example("raw-data/2026/11/21/02/headgate-dev-raw-1-2026-11-21-02-33-19-uuid.gz")
@example("curated/dt=2026-11-21/hour=02/part 1.gz")
def test_an_ordinary_key_is_its_own_path(key: str) -> None:
    assert key_to_path(key) == key or ".." in key.split("/")


def test_a_name_that_is_not_utf_8_is_no_object() -> None:
    assert path_to_key("caf\udce9.txt") is None
