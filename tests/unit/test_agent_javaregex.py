"""Java's regular expressions: what Java 17 answers, recorded, and what this translation must answer too."""

import pytest

from headgate.agent.javaregex import RegexProblem, compile_java, split_java

# Way of matching, pattern, text, and: the whole match and its groups, or parts, or "no", or None (not Java).
RECORDED = [
    ("full", "(?<n>a)\\k<n>", "aa", ["aa", "a"]),
    ("full", "\\p{Alpha}+", "a\xe9", "no"),
    ("full", "\\p{L}+", "a\xe9", ["a\xe9"]),
    ("full", "[a-z&&[^b]]+", "acb", "no"),
    ("full", "[a-z&&[^b]]+", "ac", ["ac"]),
    ("full", "[a[0-9]]+", "a1", ["a1"]),
    ("full", "\\Qa.b\\E+", "a.bb", ["a.bb"]),
    ("full", "a\\h+b", "a\t\xa0b", ["a\t\xa0b"]),
    ("full", "a\\Rb", "a\r\nb", ["a\r\nb"]),
    ("full", "a.b", "a\u2028b", "no"),
    ("full", "(?s)a.b", "a\u2028b", ["a\u2028b"]),
    ("full", "(?d)a.b", "a\rb", ["a\rb"]),
    ("find", "a$", "a\r\n", ["a"]),
    ("find", "a$", "a\x85", ["a"]),
    ("full", "a\\z", "a", ["a"]),
    ("full", "\\d+", "\u0663", "no"),
    ("full", "(?U)\\d+", "\u0663", ["\u0663"]),
    ("full", "(?i)\xe9", "\xc9", "no"),
    ("full", "(?iu)\xe9", "\xc9", ["\xc9"]),
    ("full", "a(?i)b|c", "aB", ["aB"]),
    ("full", "a(?i)b|c", "C", ["C"]),
    ("full", "(?i:a)b", "Ab", ["Ab"]),
    ("full", "(?i:a)b", "AB", "no"),
    ("full", "a++a", "aaa", "no"),
    ("full", "(?>a|ab)c", "abc", "no"),
    ("prefix", "ERROR", "x ERROR", "no"),
    ("prefix", "^\\[", "[1]", ["["]),
    ("full", "(?x) a b # c", "ab", ["ab"]),
    ("full", "\\x{1F600}", "\U0001f600", ["\U0001f600"]),
    ("full", "\\uD83D\\uDE00", "\U0001f600", ["\U0001f600"]),
    ("full", "\\0101", "A", ["A"]),
    ("full", "\\cA", "\x01", ["\x01"]),
    ("full", "(a)?(b)", "b", ["b", None, "b"]),
    ("full", "\\2(a)", "a", "no"),
    ("full", "(?m)^a$\\n^b$", "a\nb", ["a\nb"]),
    ("find", "(?m)^b", "a\nb", ["b"]),
    ("find", "(?m)^", "a\n", [""]),
    ("full", "[]a]+", "]a", ["]a"]),
    ("full", "[^]a]+", "bc", ["bc"]),
    ("full", "[\\w&&[^\\d_]]+", "ab", ["ab"]),
    ("full", "}", "}", ["}"]),
    ("full", "a{2,}?", "aaa", ["aaa"]),
    ("full", "\\B", "", [""]),
    ("split", "|", "ab", ["a", "b"]),
    ("split", ",", ",,,", []),
    ("split", ",", "", [""]),
    ("split", "b??", "_\xe9_aba", ["_", "\xe9", "_", "a", "b", "a"]),
    ("split", "\\s*,\\s*", "a , b,c", ["a", "b", "c"]),
    ("split", "(?=b)", "abab", ["a", "ba", "b"]),
    ("full", "a{,2}", "a", None),
    ("full", "{", "{", None),
    ("full", "a**", "a", None),
    ("full", "\\y", "y", None),
    ("full", "[a", "a", None),
    ("full", "(a", "a", None),
    ("full", "\\p{Nope}", "a", None),
    ("full", "a)", "a", None),
    ("full", "[b-a]", "a", None),
]


@pytest.mark.parametrize(("way", "pattern", "text", "expected"), RECORDED)
def test_a_pattern_answers_as_java_does(
    way: str, pattern: str, text: str, expected: list[str | None] | str | None
) -> None:
    if expected is None:
        with pytest.raises(RegexProblem):
            compile_java(pattern)
        return
    compiled = compile_java(pattern)
    if way == "split":
        assert split_java(compiled, text) == expected
        return
    ways = {"full": compiled.full, "prefix": compiled.prefix, "find": compiled.compiled.search}
    match = ways[way](text)
    assert ("no" if match is None else [match[0], *match.groups()]) == expected


def test_a_script_property_is_refused_by_name_when_the_regex_package_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "regex", None)
    with pytest.raises(RegexProblem, match=r"IsHangul.*regex"):
        compile_java(r"\p{IsHangul}+")
    with pytest.raises(RegexProblem, match=r"look-behind.*regex"):
        compile_java(r"(?<=a|bc)d")


def test_an_error_says_where() -> None:
    with pytest.raises(RegexProblem, match="at character 2"):
        compile_java("ab)c")
