"""The Python batches of CIFAR-10, read without unpickling them.

They are pickles of ``{b"data": uint8 array (n, 3072), b"labels": list, …}``. A pickle is a program
for a stack machine that may call any function. The machine here knows numbers, text and containers
only; of the functions by which NumPy arrays are written it takes down the arguments and calls
none, and it refuses every other. A damaged file costs no more time or memory than its size.
"""

import pickletools

import numpy as np
from numpy.typing import NDArray

_LITERALS = frozenset(
    {"BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT"}
    | {"SHORT_BINSTRING", "BINSTRING", "STRING", "SHORT_BINUNICODE", "BINUNICODE"}
    | {"SHORT_BINBYTES", "BINBYTES"}
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_KNOWN = frozenset({*_RECONSTRUCT, "numpy ndarray", "numpy dtype", "_codecs encode"})


class _Mark:
    """Lies on the stack below the items of a container."""


class _Function(str):
    """The name of a function the pickle wants called."""


class _Dtype(str):
    """A NumPy type code."""


class _Array:
    """An array as NumPy pickles it; `content` is set by its state."""

    content = b""

    def set_state(self, state: object) -> None:
        _, _, dtype, is_fortran, content = state if isinstance(state, tuple) else ()
        if not isinstance(dtype, _Dtype) or dtype != "u1" or is_fortran:
            raise ValueError("an array is not uint8 in C order")
        self.content = _as_bytes(content)


def _as_bytes(text: object) -> bytes:
    """Return what Python 2 wrote as a string of bytes, which `pickletools` gives as latin-1."""
    if isinstance(text, str):
        return text.encode("latin-1")
    if isinstance(text, bytes):
        return text
    raise ValueError(f"bytes expected, found {type(text).__name__}")


def _called(function: object, arguments: object) -> object:
    """Return what stands for the result of a call."""
    if not isinstance(function, _Function) or not isinstance(arguments, tuple):
        raise ValueError("it calls what is no function")
    if function in _RECONSTRUCT:
        return _Array()
    if function == "numpy dtype":
        return _Dtype(_as_bytes(arguments[0]).decode("latin-1"))
    if function == "_codecs encode" and arguments[1:] == ("latin1",):
        return arguments[0]  # how Python 3 writes bytes for Python 2
    raise ValueError(f"it calls '{function}' in a way no image file does")


class _Machine:
    """Runs a pickle's opcodes; the pickle's value is on top of `stack` at the end."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self._memo: dict[int, object] = {}

    def _above_mark(self) -> list[object]:
        items = []
        while not isinstance(item := self.stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def _extend(self, items: list[object]) -> None:
        """Add `items` to the list or dict on top of the stack."""
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(zip(items[::2], items[1::2], strict=True))
        elif isinstance(target, list):
            target.extend(items)
        else:
            raise ValueError("it adds items to what is no container")

    def _look_up(self, name: str) -> None:
        if name not in _KNOWN:
            raise ValueError(f"it asks for '{name.replace(' ', '.')}', which no image file needs")
        self.stack.append(_Function(name))

    def run(self, opcode: str, argument: object) -> None:
        """Do what `opcode` says.

        Raises:
            ValueError: The opcode is none that image files use, or is misused.
        """
        stack = self.stack
        match opcode, argument:
            case ("BINPUT" | "LONG_BINPUT" | "PUT", int(slot)):
                self._memo[slot] = stack[-1]
            case ("MEMOIZE", _):
                self._memo[len(self._memo)] = stack[-1]
            case ("BINGET" | "LONG_BINGET" | "GET", int(slot)):
                stack.append(self._memo[slot])
            case ("MARK", _):
                stack.append(_Mark())
            case ("EMPTY_DICT", _):
                stack.append({})
            case ("EMPTY_LIST", _):
                stack.append([])
            case ("EMPTY_TUPLE", _):
                stack.append(())
            case ("TUPLE", _):
                stack.append(tuple(self._above_mark()))
            case ("TUPLE1" | "TUPLE2" | "TUPLE3", _):
                size = int(opcode[-1])
                stack[-size:] = [tuple(stack[-size:])]
            case ("APPEND", _):
                self._extend([stack.pop()])
            case ("SETITEM", _):
                value, key = stack.pop(), stack.pop()
                self._extend([key, value])
            case ("APPENDS" | "SETITEMS", _):
                self._extend(self._above_mark())
            case ("GLOBAL", str(name)):
                self._look_up(name)
            case ("STACK_GLOBAL", _):
                function, module = stack.pop(), stack.pop()
                self._look_up(f"{module} {function}")
            case ("REDUCE", _):
                arguments, function = stack.pop(), stack.pop()
                stack.append(_called(function, arguments))
            case ("BUILD", _):
                state, target = stack.pop(), stack[-1]
                if isinstance(target, _Array):
                    target.set_state(state)
                elif not isinstance(target, _Dtype):  # whose state, the byte order, is idle here
                    raise ValueError("it sets the state of what is no array")
            case _:
                raise ValueError(f"it uses the operation {opcode}, which no image file needs")


def _value(content: bytes) -> object:
    """Return the value of a pickle.

    Raises:
        ValueError: It is damaged, or is more than numbers, text, containers and uint8 arrays.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in _LITERALS:
                machine.stack.append(argument)
            elif opcode.name in _CONSTANTS:
                machine.stack.append(_CONSTANTS[opcode.name])
            elif opcode.name not in ("PROTO", "FRAME", "STOP"):
                machine.run(opcode.name, argument)
        return machine.stack.pop()
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError("its operations do not fit together") from error


def read_batch(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images `(n, 3072)` and labels `(n,)` of one Python batch.

    Raises:
        ValueError: The bytes are damaged, hold something else, or ask for code to be run.
    """
    batch = _value(content)
    named = {_as_bytes(k): value for k, value in batch.items()} if isinstance(batch, dict) else {}
    data, labels = named.get(b"data"), named.get(b"labels")
    if not (isinstance(data, _Array) and isinstance(labels, list)):
        raise ValueError("it holds no dict with an array 'data' and a list 'labels'")
    if not all(type(label) is int for label in labels):
        raise ValueError("a label is not a whole number")
    return np.frombuffer(data.content, np.uint8).reshape(-1, 3072).copy(), np.array(labels)
