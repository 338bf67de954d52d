"""JSON by the interpreter's own scanner and encoder. The json package wraps the same two, and imports re."""

import _json


class _Options:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo = {}


_scan = _json.make_scanner(_Options)


def _refuse(value):
    raise TypeError("%s has no JSON" % type(value).__name__)


def loads(data):
    """The value that a text starts with, without space before it."""
    return _scan(data.decode(), 0)[0]


def dumps(value):
    # markers, default, encoder, indent, separators of keys and items, sort_keys, skipkeys, allow_nan
    encode = _json.make_encoder(None, _refuse, _json.encode_basestring_ascii, None, ":", ",", False, False, False)
    return "".join(encode(value, 0))
