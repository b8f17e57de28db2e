"""A tuned model in other formats, without a conversion script.

What tensors a GGUF file has, what they are called, and what is said of the model is taken from its base; only
the values are new. In which order a tensor's rows are is not looked up but measured: llama.cpp has the rows
of queries and keys of some architectures in another order than transformers, and one of the two orders makes
the base's own weights equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors import safe_open

from .errors import TrainingError, writing

TYPES = {
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "f16": gguf.GGMLQuantizationType.F16,
    "bf16": gguf.GGMLQuantizationType.BF16,
    "f32": gguf.GGMLQuantizationType.F32,
}
"""Types that weights can be exported in; ``same`` is the base's."""
SAME = "same"
BASE_KEY = "codeact.base.sha256"
"""What says in an adapter's file which model it was trained on."""
_FILE_TYPES = {
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    "f32": gguf.LlamaFileType.ALL_F32,
}
_CLOSE = 0.5
"""Relative distance of weights below which they are of one model: quantised to two bits, they have moved by
about a third; those of two models have nothing in common, and differ by more than 1."""


class Weights:
    """The tensors of a folder as on the Hugging Face Hub, read one at a time."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Path] = {}
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                self._files |= dict.fromkeys(file.keys(), path)
        if not self._files:
            raise TrainingError(f"{folder} has no weights (*.safetensors).")

    def names(self) -> list[str]:
        """Return the names of all tensors."""
        return list(self._files)

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """Return a tensor in float32."""
        with safe_open(self._files[name], "pt") as file:
            values: np.ndarray[Any, Any] = file.get_tensor(name).float().numpy()
            return values


@dataclass(frozen=True)
class _Pair:
    """A tensor of both: its names, and whether llama.cpp has its rows in another order."""

    ours: str
    theirs: gguf.ReaderTensor
    heads: int


class BaseFile:
    """A base's GGUF file beside the same model's weights in a folder.

    Raises
    ------
    TrainingError
        If it is no file of one model, or the folder has another model's weights.
    """

    def __init__(self, path: Path, weights: Path) -> None:
        self.path, self.weights = path, Weights(weights)
        try:
            self.reader = gguf.GGUFReader(path)
        except (ValueError, OSError) as error:
            raise TrainingError(f"{path} is not a valid GGUF file: {error}") from error
        self.architecture = str(self._field("general.architecture"))
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}
        self._blocks = int(self._field(f"{self.architecture}.block_count"))
        kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
        if self.architecture not in kinds:
            raise TrainingError(
                f"{path.name} has an architecture that gguf does not know: {self.architecture}."
            )
        self._map = gguf.get_tensor_name_map(kinds[self.architecture], self._blocks)
        heads = int(self._field(f"{self.architecture}.attention.head_count") or 1)
        self._heads = {
            "q": heads,
            "k": int(self._field(f"{self.architecture}.attention.head_count_kv") or heads),
        }
        self._order: dict[str, bool] = {}

    def _field(self, name: str) -> Any:
        field = self.reader.get_field(name)
        value = field.contents() if field else 0
        return max(value) if isinstance(value, list) else value

    def pair(self, name: str) -> _Pair:
        """Return the tensor that is called ``name`` in the folder.

        Raises
        ------
        TrainingError
            If the file has none, or its values are another model's.
        """
        found = self._map.get_name(name, try_suffixes=(".weight", ".bias"))
        tensor = self.tensors.get(found or "")
        if tensor is None:
            raise TrainingError(f"{self.path.name} has no tensor for {name}, so it is another model.")
        return _Pair(name, tensor, self._rotated(name, tensor))

    def _rotated(self, name: str, tensor: gguf.ReaderTensor) -> int:
        """Return by how many heads a tensor's rows are reordered; 0 if they are not."""
        part, _, suffix = tensor.name.partition(".attn_")[2].partition(".")
        if part not in ("q", "k"):
            return 0
        kind = f"{part}.{suffix}"
        if kind not in self._order:
            own = self.weights.read(name)
            theirs = _dequantized(tensor)
            if own.shape != theirs.shape:
                raise self._other(name)
            distances = [_distance(order, theirs) for order in (own, _reordered(own, self._heads[part]))]
            if min(distances) > _CLOSE:
                raise self._other(name)
            self._order[kind] = distances[1] < distances[0]
        return self._heads[part] if self._order[kind] else 0

    def check(self) -> None:
        """Check that both are the same model, but for rounding, by the matrices of its last layer.

        Two that were trained from the same weights may be as close: only a hash tells those apart.

        Raises
        ------
        TrainingError
            If they are not.
        """
        last = f"blk.{self._blocks - 1}."

        def is_compared(name: str) -> bool:
            found = self.tensors.get(self._map.get_name(name, try_suffixes=(".weight",)) or "")
            return found is not None and found.name.startswith(last) and len(found.shape) == 2

        found = list(filter(is_compared, self.weights.names()))
        if not found:
            raise TrainingError(f"{self.path.name} has no layer of the weights, so it is another model.")
        for name in found:
            pair = self.pair(name)
            own, theirs = self.weights.read(name), _dequantized(pair.theirs)
            if own.shape != theirs.shape or _distance(_reordered(own, pair.heads), theirs) > _CLOSE:
                raise self._other(name)

    def _other(self, name: str) -> TrainingError:
        return TrainingError(
            f"{self.path.name} and the weights that were trained are of different models: {name} differs."
        )


def export_adapter(adapter: Path, base: BaseFile, target: Path, facts: Mapping[str, str]) -> None:
    """Write a PEFT adapter (LoRA) as a GGUF file, which llama.cpp puts on the quantised base.

    Parameters
    ----------
    adapter : pathlib.Path
        The adapter's folder.
    base : BaseFile
        The base.
    target : pathlib.Path
        The file to write.
    facts : mapping
        What else to say of it, by keys of GGUF.

    Raises
    ------
    TrainingError
        If the adapter does not fit the base, or the file cannot be written.
    """
    config = json.loads((adapter / "adapter_config.json").read_text())
    if config.get("use_dora") or config.get("use_rslora") or config.get("modules_to_save"):
        raise TrainingError("llama.cpp has no adapters of this kind (DoRA, rsLoRA or whole modules).")
    factors = dict(_factors(adapter))
    with _written(target) as part:
        writer = gguf.GGUFWriter(part, base.architecture)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(config["lora_alpha"]))
        for key, value in facts.items():
            writer.add_string(key, value)
        for name, (a, b) in factors.items():
            pair = base.pair(f"{name}.weight")
            if a.shape[1] != pair.theirs.shape[0] or b.shape[0] != pair.theirs.shape[1]:
                raise base._other(name)
            # A row of B makes a row of the weight.
            writer.add_tensor(f"{pair.theirs.name}.lora_a", np.ascontiguousarray(a))
            writer.add_tensor(f"{pair.theirs.name}.lora_b", np.ascontiguousarray(_reordered(b, pair.heads)))
        _close(writer)


def export_model(
    base: BaseFile,
    target: Path,
    kind: str,
    *,
    adapter: Path | None = None,
    weights: Path | None = None,
    name: str | None = None,
) -> float:
    """Write a tuned model as one GGUF file.

    An ``adapter`` is added to the base's own weights; what it leaves alone is copied byte for byte. Without
    one, the values come from the folder ``weights``.

    Parameters
    ----------
    base : BaseFile
        The base, whose tensors and facts the file has.
    target : pathlib.Path
        The file to write.
    kind : str
        Type of the weights: of `TYPES`, or `SAME` for that of each of the base's tensors.
    adapter, weights : pathlib.Path, optional
        Where the values come from.
    name : str, optional
        The model's name in the file; by default the base's.

    Returns
    -------
    float
        Share of the new tensors' bytes that equal the base's; near 1 at the type `SAME` if rounding has
        taken back what was trained.

    Raises
    ------
    TrainingError
        If the weights do not fit the base, the type is one that cannot be made, or the file not written.
    """
    factors = (
        {base.pair(f"{at}.weight").theirs.name: (at, ab) for at, ab in _factors(adapter)} if adapter else {}
    )
    scale = _scale(adapter) if adapter else 0.0
    tuned = Weights(weights) if weights else None
    sources = {base.pair(own).theirs.name: own for own in (tuned.names() if tuned else ())}
    if tuned and (absent := set(base.tensors) - set(sources) - {"rope_freqs.weight", "output.weight"}):
        raise TrainingError(f"The trained weights lack {min(absent)}, so they are of another model.")

    def values(tensor: gguf.ReaderTensor) -> np.ndarray[Any, Any] | None:
        """Return the new values of a tensor, or nothing if it stays as it is."""
        if tensor.name in factors:
            own, (a, b) = factors[tensor.name]
            heads = base.pair(f"{own}.weight").heads
            added: np.ndarray[Any, Any] = _dequantized(tensor) + scale * (_reordered(b, heads) @ a)
            return added
        if tuned and tensor.name in sources:
            own = sources[tensor.name]
            return _reordered(tuned.read(own), base.pair(own).heads)
        return None

    with _written(target) as part:
        return _write_model(base, part, kind, name, values)


def _write_model(
    base: BaseFile,
    part: Path,
    kind: str,
    name: str | None,
    values: Callable[[gguf.ReaderTensor], np.ndarray[Any, Any] | None],
) -> float:
    writer = gguf.GGUFWriter(part, base.architecture)
    for key, field in base.reader.fields.items():
        if key.startswith("GGUF.") or key == gguf.Keys.General.ARCHITECTURE:
            continue
        value, types = field.contents(), field.types
        if key == gguf.Keys.General.NAME and name:
            value = name
        if key == gguf.Keys.General.FILE_TYPE and kind in _FILE_TYPES:
            value = int(_FILE_TYPES[kind])
        writer.add_key_value(key, value, types[0], types[-1] if len(types) > 1 else None)
    writer.data_alignment = base.reader.alignment
    chosen = {tensor.name: _type_for(tensor, kind) for tensor in base.reader.tensors}
    for tensor in base.reader.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        # Its size in bytes follows from shape and type, which is all that is written here.
        size = gguf.quant_shape_to_byte_shape(shape, chosen[tensor.name])
        writer.add_tensor_info(
            tensor.name, size, np.dtype(np.uint8), int(np.prod(size)), raw_dtype=chosen[tensor.name]
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    same = count = 0
    for tensor in base.reader.tensors:
        new = values(tensor)
        if new is None and chosen[tensor.name] == tensor.tensor_type:
            data = tensor.data
        else:
            data = _quantized(_dequantized(tensor) if new is None else new, chosen[tensor.name], tensor.name)
        if new is not None and chosen[tensor.name] == tensor.tensor_type:
            same += int(np.count_nonzero(data.view(np.uint8).ravel() == tensor.data.view(np.uint8).ravel()))
            count += int(tensor.n_bytes)
        writer.write_tensor_data(data)
    writer.close()
    return same / count if count else 0.0


def _type_for(tensor: gguf.ReaderTensor, kind: str) -> gguf.GGMLQuantizationType:
    """Return the type of a tensor in the file: vectors stay as they are."""
    if kind == SAME or len(tensor.shape) < 2:
        return tensor.tensor_type
    wanted = TYPES[kind]
    block = gguf.GGML_QUANT_SIZES[wanted][0]
    return gguf.GGMLQuantizationType.F16 if int(tensor.shape[0]) % block else wanted


def _quantized(
    values: np.ndarray[Any, Any], kind: gguf.GGMLQuantizationType, name: str
) -> np.ndarray[Any, Any]:
    try:
        data: np.ndarray[Any, Any] = gguf.quantize(np.ascontiguousarray(values, dtype=np.float32), kind)
    except NotImplementedError:
        raise TrainingError(
            f"Weights cannot be made in the type {kind.name} of the base's tensor {name}; use --type q8_0 or"
            " f16, or an adapter beside the base (--to gguf-lora)."
        ) from None
    return data


def _dequantized(tensor: gguf.ReaderTensor) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = gguf.dequantize(tensor.data, tensor.tensor_type)
    return values.reshape([int(size) for size in reversed(tensor.shape)])


def _reordered(values: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Return rows in llama.cpp's order: the halves of each head, which are rotated together, interleaved."""
    if not heads:
        return values
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _distance(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(one - other) / max(float(np.linalg.norm(other)), 1e-12))


def _factors(adapter: Path) -> Iterator[tuple[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]]:
    """Yield the matrices A and B of each module that an adapter changes."""
    weights = Weights(adapter)
    for name in weights.names():
        module, found, _ = name.partition(".lora_A.")
        if found:
            own = module.removeprefix("base_model.model.")
            yield own, (weights.read(name), weights.read(name.replace(".lora_A.", ".lora_B.")))


def _scale(adapter: Path) -> float:
    config = json.loads((adapter / "adapter_config.json").read_text())
    return float(config["lora_alpha"]) / float(config["r"])


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class _written:  # noqa: N801 - used like the function that `contextmanager` would make of it
    """A file written beside its place and put there when it is whole."""

    def __init__(self, target: Path) -> None:
        self._target, self._part = target, target.with_name(f".{target.name}.part")
        self._errors = writing(target.parent)

    def __enter__(self) -> Path:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._errors.__enter__()
        return self._part

    def __exit__(self, *error: Any) -> None:
        try:
            if error[0] is None:
                self._part.replace(self._target)
            self._errors.__exit__(*error)
        finally:
            self._part.unlink(missing_ok=True)
