"""Message classes made from a job's schema. They behave as generated ones do, as far as a program in one run can tell.

Beyond generated classes, a message or repeated field may be assigned, and a dict stands for a message wherever one is expected.

Plain JSON is how messages travel between the host and this shim: an object of field names; 64-bit integers as numbers, bytes in base64,
enums as numbers, maps as lists of pairs, and the three floats that JSON lacks as strings. Fields that are not set are left out.
"""

import binascii
from _struct import pack, unpack

_INTEGERS = {
    "int32": (-2**31, 2**31 - 1), "sint32": (-2**31, 2**31 - 1), "sfixed32": (-2**31, 2**31 - 1),
    "int64": (-2**63, 2**63 - 1), "sint64": (-2**63, 2**63 - 1), "sfixed64": (-2**63, 2**63 - 1),
    "uint32": (0, 2**32 - 1), "fixed32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1), "fixed64": (0, 2**64 - 1),
    "enum": (-2**31, 2**31 - 1),
}
_DEFAULTS = {"float": 0.0, "double": 0.0, "bool": False, "string": "", "bytes": b""}


class BadReply(Exception):
    """What the program returned is not the rpc's reply."""


class Field:
    def __init__(self, schema, owner, spec):
        self.schema = schema
        self.label = owner + "." + spec["name"]
        self.name = spec["name"]
        self.kind = spec["kind"]
        self.type = spec.get("type", "")
        self.repeated = spec.get("repeated", False)
        self.key = spec.get("key", "")
        self.presence = spec.get("presence", False)
        self.oneof = spec.get("oneof", "")

    @property
    def is_message(self):
        return self.kind == "message" and not self.repeated and not self.key

    def default(self):
        return _DEFAULTS.get(self.kind, 0)

    def check(self, value):
        """Return value as this field holds it, one element of it where the field is repeated, or raise."""
        if self.kind == "message":
            cls = self.schema.classes[self.type]
            if isinstance(value, cls):
                return value
            if isinstance(value, dict):
                return cls(**value)
            raise TypeError("%s: want %s or a dict, have %s" % (self.label, cls.__name__, type(value).__name__))
        if self.kind == "enum" and isinstance(value, str):
            return self.schema.enums[self.type].Value(value)
        return _check_scalar(self.label, self.kind, value)

    def check_key(self, value):
        return _check_scalar(self.label, self.key, value)

    def from_plain(self, value):
        if self.kind == "message":
            return self.schema.classes[self.type]._from_plain(value)
        if self.kind == "bytes":
            return binascii.a2b_base64(value)
        if self.kind in ("float", "double"):
            return self.check(float(value))
        return value

    def to_plain(self, value):
        if self.kind == "message":
            return value._to_plain()
        if self.kind == "bytes":
            return binascii.b2a_base64(value, newline=False).decode()
        if self.kind in ("float", "double") and (value != value or value in (float("inf"), float("-inf"))):
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        return value


def _check_scalar(label, kind, value):
    if kind in _INTEGERS:
        low, high = _INTEGERS[kind]
        try:
            number = value.__index__()
        except AttributeError:
            raise TypeError("%s: want an integer, have %s" % (label, type(value).__name__)) from None
        if not low <= number <= high:
            raise ValueError("%s: %d does not fit %s" % (label, number, kind))
        return number
    if kind in ("float", "double"):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__float__") and not hasattr(value, "__index__"):
            raise TypeError("%s: want a number, have %s" % (label, type(value).__name__))
        number = float(value)
        if kind == "double":
            return number
        try:
            return unpack("<f", pack("<f", number))[0]
        except OverflowError:
            return float("inf") if number > 0 else float("-inf")
    if kind == "bool":
        if isinstance(value, (bool, int)):
            return bool(value)
        raise TypeError("%s: want a bool, have %s" % (label, type(value).__name__))
    if kind == "string":
        if isinstance(value, str):
            return value
        raise TypeError("%s: want a str, have %s" % (label, type(value).__name__))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError("%s: want bytes, have %s" % (label, type(value).__name__))


class Repeated(list):
    """A repeated field: a list that checks what is put into it."""

    def __init__(self, field, owner, values=()):
        super().__init__(field.check(v) for v in values)
        self._field, self._owner = field, owner

    def append(self, value):
        super().append(self._field.check(value))
        self._owner._touch()

    def insert(self, at, value):
        super().insert(at, self._field.check(value))
        self._owner._touch()

    def extend(self, values):
        super().extend([self._field.check(v) for v in values])
        self._owner._touch()

    def __iadd__(self, values):
        self.extend(values)
        return self

    def __setitem__(self, at, value):
        check = self._field.check
        super().__setitem__(at, [check(v) for v in value] if isinstance(at, slice) else check(value))

    def add(self, **kwargs):
        """Append a new message and return it."""
        self.append(kwargs)
        return self[-1]

    MergeFrom = extend


class Map(dict):
    """A map field: a dict that checks what is put into it, and, for messages, makes what is asked for."""

    def __init__(self, field, owner, values=()):
        super().__init__()
        self._field, self._owner = field, owner
        for key, value in dict(values).items():
            self[key] = value

    def __setitem__(self, key, value):
        super().__setitem__(self._field.check_key(key), self._field.check(value))
        self._owner._touch()

    def __missing__(self, key):
        value = self._field.schema.classes[self._field.type]() if self._field.kind == "message" else self._field.default()
        self[key] = value
        return self[key]

    def update(self, *args, **kwargs):
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    MergeFrom = update


class Message:
    """Base of all message classes. _values holds what was set or looked at, _present what has been set."""

    _fields = {}
    _full_name = ""
    __slots__ = ("_values", "_present", "_notify")

    def __init__(self, **kwargs):
        set_raw = object.__setattr__
        set_raw(self, "_values", {})
        set_raw(self, "_present", set())
        set_raw(self, "_notify", None)
        for name, value in kwargs.items():
            if name not in self._fields:
                raise ValueError("%s has no field %s" % (type(self).__name__, name))
            if value is not None:
                setattr(self, name, value)

    def __getattr__(self, name):
        field = self._fields.get(name)
        if field is None:
            raise AttributeError("%s has no field %s" % (type(self).__name__, name))
        values = self._values
        if name in values:
            return values[name]
        if field.key:
            values[name] = Map(field, self)
        elif field.repeated:
            values[name] = Repeated(field, self)
        elif field.kind == "message":
            child = field.schema.classes[field.type]()
            object.__setattr__(child, "_notify", lambda: self._mark(field))
            values[name] = child
        else:
            return field.default()
        return values[name]

    def __setattr__(self, name, value):
        field = self._fields.get(name)
        if field is None:
            raise AttributeError("%s has no field %s" % (type(self).__name__, name))
        if field.key:
            value = Map(field, self, value)
        elif field.repeated:
            if isinstance(value, (str, bytes, dict)):
                raise TypeError("%s: want a list, have %s" % (field.label, type(value).__name__))
            value = Repeated(field, self, value)
        else:
            value = field.check(value)
        self._values[name] = value
        self._mark(field)

    def __delattr__(self, name):
        self.ClearField(name)

    def _mark(self, field):
        if field.oneof:
            for other in self._fields.values():
                if other.oneof == field.oneof and other is not field:
                    self.ClearField(other.name)
        self._present.add(field.name)
        self._touch()

    def _touch(self):
        """Tell the parent, once, that this message is now set."""
        notify = self._notify
        if notify is not None:
            object.__setattr__(self, "_notify", None)
            notify()

    def HasField(self, name):
        if name in self._fields:
            field = self._fields[name]
            if field.repeated or field.key or not (field.presence or field.kind == "message"):
                raise ValueError("%s has no presence" % field.label)
            return name in self._present
        return self.WhichOneof(name) is not None

    def WhichOneof(self, group):
        found = [f for f in self._fields.values() if f.oneof == group]
        if not found:
            raise ValueError("%s has no oneof %s" % (type(self).__name__, group))
        return next((f.name for f in found if f.name in self._present), None)

    def ClearField(self, name):
        if name not in self._fields:
            raise ValueError("%s has no field %s" % (type(self).__name__, name))
        self._values.pop(name, None)
        self._present.discard(name)

    def Clear(self):
        self._values.clear()
        self._present.clear()

    def SetInParent(self):
        self._touch()

    def CopyFrom(self, other):
        copy = type(self)._from_plain(other._to_plain())
        self.Clear()
        self._take(copy)

    def MergeFrom(self, other):
        self._take(type(self)._from_plain(other._to_plain()))

    def _take(self, other):
        for field, value in other.ListFields():
            if field.key:
                getattr(self, field.name).update(value)
            elif field.repeated:
                getattr(self, field.name).extend(value)
            elif field.is_message and field.name in self._present:
                getattr(self, field.name).MergeFrom(value)
            else:
                setattr(self, field.name, value)

    def ListFields(self):
        return [(f, self._values[f.name]) for f in self._fields.values() if self._is_set(f)]

    def _is_set(self, field):
        if field.key or field.repeated:
            return bool(self._values.get(field.name))
        if field.presence or field.kind == "message":
            return field.name in self._present
        return field.name in self._values and self._values[field.name] != field.default()

    def IsInitialized(self):
        return True

    def __eq__(self, other):
        return type(self) is type(other) and self._to_plain() == other._to_plain()

    __hash__ = None

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join("%s=%r" % (f.name, v) for f, v in self.ListFields()))

    @classmethod
    def _from_plain(cls, plain):
        msg = cls()
        for name, value in plain.items():
            field = cls._fields[name]
            if field.key:
                value = {k: field.from_plain(v) for k, v in value}
            elif field.repeated:
                value = [field.from_plain(v) for v in value]
            else:
                value = field.from_plain(value)
            setattr(msg, name, value)
        return msg

    def _to_plain(self):
        plain = {}
        for field, value in self.ListFields():
            if field.key:
                value = [[k, field.to_plain(v)] for k, v in value.items()]
            elif field.repeated:
                value = [field.to_plain(v) for v in value]
            else:
                value = field.to_plain(value)
            plain[field.name] = value
        return plain


class Enum:
    """What a generated module offers for an enum."""

    def __init__(self, name, values):
        self._name, self._values = name, dict(values)
        for value_name, number in values:
            setattr(self, value_name, number)

    def Value(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise ValueError("enum %s has no value %s" % (self._name, name)) from None

    def Name(self, number):
        for name, value in self._values.items():
            if value == number:
                return name
        raise ValueError("enum %s has no name for %r" % (self._name, number))

    def keys(self):
        return list(self._values)

    def values(self):
        return list(self._values.values())

    def items(self):
        return list(self._values.items())


class Schema:
    """All messages and enums of a job. names is what a generated module of it would define."""

    def __init__(self, spec):
        self.classes, self.enums, self.names = {}, {}, {}
        for m in spec["messages"]:
            cls = type(m["name"], (Message,), {"__slots__": (), "_full_name": m["full"], "__module__": "ain_schema"})
            cls._fields = {f["name"]: Field(self, m["full"], f) for f in m["fields"]}
            self.classes[m["full"]] = cls
            self._place(m, cls)
        for e in spec["enums"]:
            enum = Enum(e["name"], [(v["name"], v["number"]) for v in e["values"]])
            self.enums[e["full"]] = enum
            self._place(e, enum)
            for v in e["values"]:
                self._place({"parent": e["parent"], "name": v["name"]}, v["number"])

    def _place(self, spec, value):
        parent = self.classes.get(spec["parent"])  # parents come first
        if parent is None:
            self.names[spec["name"]] = value
        else:
            setattr(parent, spec["name"], value)


def reply_from(cls, value):
    """Make the reply out of what a method returned: the message, a dict of its fields, or the value of its only field."""
    fields = list(cls._fields.values())
    try:
        if isinstance(value, cls):
            return value
        if isinstance(value, Message):
            raise BadReply("the method returned a %s, the rpc's reply is %s" % (type(value).__name__, cls.__name__))
        if value is None:
            if fields:
                raise BadReply("the method returned nothing, the rpc's reply is %s: is a return statement missing?" % cls.__name__)
            return cls()
        if isinstance(value, dict) and not (len(fields) == 1 and fields[0].key and not set(value) <= set(cls._fields)):
            return cls(**value)
        if len(fields) == 1:
            return cls(**{fields[0].name: value})
    except (TypeError, ValueError, AttributeError) as e:
        raise BadReply("the reply is not a %s: %s" % (cls.__name__, e)) from None
    raise BadReply("the method returned a %s; %s has %d fields: return %s(...) or a dict of them"
                   % (type(value).__name__, cls.__name__, len(fields), cls.__name__))
