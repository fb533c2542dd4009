"""States of token prefixes, so that a conversation's next turn costs only its new tokens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tamsa.backbone.cache import KimiLinearCache, Snapshot
from tamsa.backbone.config import Architecture
from tamsa.errors import InputError


@dataclass(eq=False, slots=True)
class _Node:
    """An edge of the radix tree: the tokens that lead here, and the state after them if one is kept."""

    tokens: tuple[int, ...]
    parent: _Node | None = None
    children: dict[int, _Node] = field(default_factory=dict)
    snapshot: Snapshot | None = None


class PrefixCache:
    """Keep snapshots in a radix tree keyed by token ids, within a memory bound; the least recently used go first.

    A recurrent state exists only where it was kept, so a lookup finds the longest kept prefix, not merely the
    longest common one. Latents shared by several snapshots are counted once.

    Args:
        config: of the model whose states are kept.
        max_bytes: memory the states may hold together.

    Raises:
        InputError: the bound is not positive.
    """

    def __init__(self, config: Architecture, max_bytes: int) -> None:
        if max_bytes <= 0:
            raise InputError(f"max_bytes = {max_bytes}; give a positive number of bytes")
        self.config = config
        self.max_bytes = max_bytes
        self.num_hits = 0
        self.num_misses = 0
        self._root = _Node(())
        self._recent: OrderedDict[_Node, None] = OrderedDict()
        self._blocks: dict[int, list[int]] = {}
        """By memory block: bytes needed by each snapshot that uses it."""
        self._total = 0

    def __len__(self) -> int:
        return len(self._recent)

    def nbytes(self) -> int:
        """Bytes held by all snapshots together."""
        return self._total

    def insert(self, tokens: Sequence[int], cache: KimiLinearCache) -> bool:
        """Keep the state after `tokens`.

        Args:
            tokens: all tokens the cache has read (one row, no padding); a tensor `[T]` will do.
            cache: left untouched.

        Returns:
            False if the state alone exceeds the bound and was not kept.

        Raises:
            InputError: the cache has another number of tokens, several rows or another configuration.
        """
        if cache.lengths != (len(tokens),):
            raise InputError(
                f"insert: {len(tokens)} tokens, but the cache holds {list(cache.lengths)} (one row is needed)"
            )
        if cache.config.fingerprint() != self.config.fingerprint():
            raise InputError("insert: the cache belongs to another configuration than the prefix cache")
        snapshot = cache.snapshot()
        if snapshot.nbytes() > self.max_bytes:
            return False
        node = self._reach(tuple(map(int, tokens)))
        self._drop(node)
        node.snapshot = snapshot
        self._recent[node] = None
        for block, size in snapshot.memory().items():
            sizes = self._blocks.setdefault(block, [])
            self._total += max(0, size - max(sizes, default=0))
            sizes.append(size)
        while self.nbytes() > self.max_bytes and len(self._recent) > 1:
            self._evict(next(iter(self._recent)))
        return True

    def lookup(self, tokens: Sequence[int]) -> tuple[KimiLinearCache, int]:
        """Return a cache that has read the longest kept prefix of `tokens`, and that prefix's length.

        At least one token is left to be read, so that there are logits to go on from. A miss gives an empty cache
        and 0. The cache is independent of what is kept.
        """
        tokens = tuple(map(int, tokens))
        node, depth = self._root, 0
        best: _Node | None = None
        found = 0
        while depth < len(tokens) - 1:
            child = node.children.get(tokens[depth])
            if child is None or child.tokens != tokens[depth : depth + len(child.tokens)]:
                break
            depth += len(child.tokens)
            node = child
            if node.snapshot is not None and depth < len(tokens):
                best, found = node, depth
        if best is None or best.snapshot is None:
            self.num_misses += 1
            return KimiLinearCache(self.config), 0
        self.num_hits += 1
        self._recent.move_to_end(best)
        return KimiLinearCache.from_snapshot(self.config, best.snapshot), found

    def clear(self) -> None:
        """Drop everything."""
        self._root = _Node(())
        self._recent.clear()
        self._blocks.clear()
        self._total = 0

    def _reach(self, tokens: tuple[int, ...]) -> _Node:
        """Return the node of exactly these tokens, splitting or adding edges as needed."""
        node, depth = self._root, 0
        while depth < len(tokens):
            child = node.children.get(tokens[depth])
            if child is None:
                child = _Node(tokens[depth:], node)
                node.children[tokens[depth]] = child
                return child
            rest = tokens[depth : depth + len(child.tokens)]
            common = next((i for i, (a, b) in enumerate(zip(child.tokens, rest, strict=False)) if a != b), len(rest))
            if common < len(child.tokens):
                middle = _Node(child.tokens[:common], node)
                node.children[tokens[depth]] = middle
                child.tokens, child.parent = child.tokens[common:], middle
                middle.children[child.tokens[0]] = child
                child = middle
            node, depth = child, depth + common
        return node

    def _drop(self, node: _Node) -> None:
        """Let a node's snapshot go."""
        if node.snapshot is None:
            return
        for block, size in node.snapshot.memory().items():
            sizes = self._blocks[block]
            sizes.remove(size)
            self._total -= max(0, size - max(sizes, default=0))
            if not sizes:
                del self._blocks[block]
        node.snapshot = None
        self._recent.pop(node, None)

    def _evict(self, node: _Node) -> None:
        """Let a node go and tidy the tree above it."""
        self._drop(node)
        while node.parent is not None and node.snapshot is None and len(node.children) < 2:
            parent = node.parent
            if not node.children:
                del parent.children[node.tokens[0]]
                node = parent
                continue
            (child,) = node.children.values()
            child.tokens, child.parent = node.tokens + child.tokens, parent
            parent.children[child.tokens[0]] = child
            return
