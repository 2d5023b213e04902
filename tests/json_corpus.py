r"""Texts that are JSON, that are not, and on which parsers differ; our verdict on each.

Made after the classes of Nicolas Seriot's "Parsing JSON is a Minefield" (y_, n_ and i_ cases), written anew.
"""

VALID = (
    b"[[]   ]", b'[""]', b"[]", b'["a"]', b"[false]", b'[null, 1, "1", {}]', b"[1\n]", b" [1]", b"[2] ",
    b"[1,null,null,null,2]", b"[\r\n\t 1 ]", b"[123e65]", b"[0e+1]", b"[0e1]", b"[ 4]", b"[20e1]", b"[-0]",
    b"[-123]", b"[-1]", b"[1E22]", b"[1E-2]", b"[1E+2]", b"[123e45]", b"[123.456e78]", b"[1e-2]", b"[1e+2]",
    b"[123]", b"[123.456789]", b"[1.10]", b"[-0.0]",
    b"[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
    b'{"asd":"sdf","dfg":"fgh"}', b'{"a":"b","a":"c"}', b'{"a":"b","a":"b"}', b"{}", b'{"":0}', b'{"a":[]}',
    b'{"foo\\u0000bar": 42}', b'{"min": -1.0e+28, "max": 1.0e+28}', b'{\n"a": "b"\n}',
    b'{"__proto__":{"a":1}}', b'["\\u0060\\u012a\\u12AB"]', b'["\\uD801\\udc37"]',
    b'["\\ud83d\\ude39\\ud83d\\udc8d"]', b'["\\uDBFF\\uDFFF"]', b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    b'["\\\\u0000"]', b'["\\""]', b'["a/*b*/c/*d//e"]', b'["\\\\a"]', b'["\\\\n"]', b'["\\u0012"]',
    b'["\\uFFFF"]', b'["\\uFDD0"]', b'["\\uFFFE"]', b'["\\u0000"]', b'["\\u002c"]', b'["\\u005C"]',
    b'["\\u0022"]', b'["\\u200B"]', b'["\\u2064"]', b'["\\uA66D"]', b'["new\\u000Aline"]',
    b'["new\\u00A0line"]', '["\u03c0"]'.encode(), '["\u20ac\U0001d11e"]'.encode(), '["\u2028"]'.encode(),
    '["\u2029"]'.encode(), '["\U0010ffff"]'.encode(), '["\uffff"]'.encode(),
    '["\u2342\u3234\u2342"]'.encode(), '["\uac00\ub098"]'.encode(), b'["\x7f"]', b'["aa\x7f"]', b'[" "]',
    b"false", b"42", b"-0.1", b"null", b'"asd"', b"true", b'""', b'["a"]\n', b" [] ",
    b'{"f":"=cmd|\' /C calc\'!A0"}',
    # Parsers differ; these are JSON by the grammar and pass, since they are stored as sent.
    b"[123.456e-789]", b"[-1e+9999]", b"[1.5e+9999]", b"[-123123e100000]", b"[123123e100000]", b"[1e400]",
    b"[123123123123123123123123123123]", b"[100000000000000000000]", b"[9007199254740993]",
    b"[-237462374673276894279832749832423479823246327846]", b"[18446744073709551616]",
    b"[-9223372036854775809]", b"[" + b"7" * 4301 + b"]", b"[-" + b"7" * 4300 + b"]",
    b"[0." + b"1" * 5000 + b"]", b"[" * 64 + b"]" * 64,
)  # fmt: skip

MALFORMED = (
    b"[1 true]", b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"', b"[x",
    b"[3[4]]", b"[1:2]", b"[,]", b"[-]", b'[   , ""]', b'["a",\n4\n,1,', b"[1,]", b"[1,,]", b'["\x0ba"\\f]',
    b"[*]", b'[""', b"[1,", b"[1,\n1\n,1", b"[{}", b"[fals]", b"[nul]", b"[tru]", b"123\x00", b"[++1234]",
    b"[+1]", b"[+Inf]", b"[-01]", b"[-1.0.]", b"[-2.]", b"[-NaN]", b"[.-1]", b"[.2e-3]", b"[0.1.2]",
    b"[0.3e+]", b"[0.3e]", b"[0.e1]", b"[0E+]", b"[0E]", b"[1.0e+]", b"[1.0e-]", b"[1 000.0]", b"[1eE2]",
    b"[2.e+3]", b"[2.e3]", b"[9.e+]", b"[Inf]", b"[NaN]", b"[Infinity]", b"[-Infinity]",
    '[\uff11]'.encode(), b"[1+2]", b"[0x1]", b"[0x42]", b"[0e+-1]", b"[-123.123foo]", b"[-foo]", b"[- 1]",
    b"[-012]", b"[-.123]", b"[-1x]", b"[1ea]", b"[1.]", b"[.123]", b"[1.2a-3]",
    b"[1.8011670033376514H-308]", b"[012]", b"[1_000]", b'["x", truth]', b'{[: "x"}', b'{"x", null}',
    b'{"x"::"b"}', '{\U0001f1e8\U0001f1ed}'.encode(), b'{"a":"a" 123}', b"{key: 'value'}", b'{"a" b}',
    b'{:"b"}', b'{"a" "b"}', b'{"a":', b'{"a"', b"{1:1}", b"{9999E9999:1}", b"{null:null,null:null}",
    b'{"id":0,,,,,}', b"{'a':0}", b'{"id":0,}', b'{"a":"b"}/**/', b'{"a":"b"}//', b'{"a":"b"}/',
    b'{"a":"b",,"c":"d"}', b'{a: "b"}', b'{"a":"a', b'{ "foo" : "bar", "a" }', b'{"a":"b"}#',
    b'["\\uD800\\"]', b'["\\uD800\\u"]', b'["\\uD800\\u1"]', b'["\\x00"]', b'["\\\\\\"]', b'["\\\t"]',
    b'["\\"]', b'["\\u00A"]', b'["\\uD834\\uDd"]', b'["\\a"]', b'["\\uqqqq"]', b"[\\u0020\"asd\"]",
    b"[\\n]", b'"', b"['single quote']", b"abc", b'["\\', b'["a\x00a"]', b'["\t"]', b'"\\UA66D"', b'""x',
    b"<.>", b"[<null>]", b"[1]x", b"[1]]", b'["asd]', b"[True]", b"1]", b'{"x": true,', b"[][]", b"]", b"[",
    b"", b" ", b"[\x00]", b"2@", b"{}}", b'{"":', b'{"a":/*comment*/"b"}', b'{"a": true} "x"', b"['", b"[,",
    b"[{", b'["a', b'["a"', b"{", b"{]", b"{,", b"{[", b'{"a', b"{'a'", b"*", b'["\\{["\\{["\\{["\\{',
    b'[\\u000A""]', b"[1", b"[ false, nul", b"[ true, fals", b"[ false, tru", b"[\x0c]", b"[\x0b1]",
    '[\u2060]'.encode(), '[\u00a0]'.encode(), b'{"asd":"asd"', b"nan", b"undefined", b"{\"a\":1}{\"b\":2}",
    # Lone surrogates are in the grammar, but cannot be written as UTF-8.
    b'["\\uDADA"]', b'["\\ud800"]', b'["\\uDd1ea"]', b'["\\uD800\\uD800\\n"]', b'["\\uD888\\u1234"]',
    b'["\\ud800abc"]', b'["\\udc00\\ud800"]', b'{"\\uDFAA":0}',
    # A byte order mark is not white space. UTF-16 and UTF-32 of ASCII are UTF-8 full of NUL.
    b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", '{"a":1}'.encode("utf-16-le"), '{"a":1}'.encode("utf-16-be"),
    '{"a":1}'.encode("utf-32-be"),
)  # fmt: skip

NOT_UTF8 = (
    b"[a\xe5]", b"[\xff]", b"[123\xe5]", b"[1e1\xe5]", b'{"\xb9":"0",}', b'["\\u\xe5"]', b"a\xe5", b"\xe5",
    b"\xef\xbb{}", b'["\xe6\x97\xa5\xd1\x88\xfa"]', b'["\xe9"]', b'["\x81"]', b'["\xf4\xbf\xbf\xbf"]',
    b'["\xc0\xaf"]', b'["\xfc\x83\xbf\xbf\xbf\xbf"]', b'["\xe0\xff"]', b'["\xed\xa0\x80"]',
    b'["\xed\xa0\xbd\xed\xb8\x80"]', '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32"),
    '{"a":"가"}'.encode("cp949"),
)  # fmt: skip

TOO_DEEP = (
    b"[" * 65 + b"]" * 65, b'{"a":' * 65 + b"1" + b"}" * 65, b"[" * 500 + b"]" * 500, b"[" * 100_000,
    b'{"a":' * 100_000, b'[{"":' * 50_000, b"[" * 100_000 + b"]" * 100_000, b"  [" + b"[" * 64 + b"]" * 65,
)  # fmt: skip

# Line breaks that are not between tokens: JSON only if somebody takes them out first.
BROKEN_BY_A_LINE_BREAK = (
    b'["new\nline"]', b'["a\rb"]', b'["a\r\nb"]', b"[1\n2]", b"[-\n1]", b"[tr\nue]", b"[1.\r5]",
    b'["\\\nn"]', b'{"a\n":1}', b'["\\u00\n41"]', b"[1e\n5]",
)  # fmt: skip
