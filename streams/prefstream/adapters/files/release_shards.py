"""The data files of a release: rows of every configuration, split by split, so many to a file."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from prefstream.adapters.files.release_folder import ReleaseFolder, writing
from prefstream.adapters.files.release_rows import RowFile, row_file
from prefstream.domain.releases.manifest import FileFacts
from prefstream.domain.releases.sharding import shard_path, unfinished_path
from prefstream.domain.releases.tables import Column, Row


@dataclass(slots=True)
class _Shard:
    """The file that is being written."""

    file: RowFile
    rows: int = 0


@dataclass(slots=True)
class Shards:
    """The data files of a release while they are written; at most one per configuration is open."""

    folder: ReleaseFolder
    #: Columns by configuration.
    columns: Mapping[str, Sequence[Column]]
    #: Rows of one file at most.
    shard_rows: int
    kind: Literal["jsonl", "parquet"]
    _open: dict[tuple[str, str], _Shard] = field(default_factory=dict)
    #: What is to be said of each file that is written, by configuration and split.
    _written: dict[tuple[str, str], list[FileFacts]] = field(default_factory=lambda: defaultdict(list))

    def write(self, config: str, split: str, row: Row) -> None:
        """Write a row to the file that is open, or to the next one where that is full."""
        shard = self._open.get((config, split)) or self._begin(config, split)
        with writing(self.folder.parent):
            shard.file.add(row)
        shard.rows += 1
        if shard.rows == self.shard_rows:
            self._end(config, split)

    def end_split(self, split: str) -> None:
        """Close the files of a split, for no more of it comes."""
        for config, name in list(self._open):
            if name == split:
                self._end(config, split)

    def abandon(self) -> None:
        """Let go of what is open."""
        for shard in self._open.values():
            shard.file.abandon()
        self._open.clear()

    def finish(self) -> dict[str, FileFacts]:
        """Give the files their names and return what is to be said of each."""
        for config, split in list(self._open):
            self._end(config, split)
        facts: dict[str, FileFacts] = {}
        for (config, split), written in sorted(self._written.items()):
            for number, one in enumerate(written):
                path = shard_path(config, split, number, of=len(written), files=self.kind)
                self.folder.rename(unfinished_path(config, split, number), path)
                facts[path] = one
        return facts

    def rows(self) -> dict[str, dict[str, int]]:
        """Return how many rows were written, by configuration and split."""
        counted: dict[str, dict[str, int]] = defaultdict(dict)
        for (config, split), written in sorted(self._written.items()):
            counted[config][split] = sum(one.rows or 0 for one in written)
        return dict(counted)

    def _begin(self, config: str, split: str) -> _Shard:
        path = unfinished_path(config, split, len(self._written[config, split]))
        with writing(self.folder.parent):
            file = row_file(self.folder.file(path), self.columns[config], self.kind)
        shard = self._open[config, split] = _Shard(file=file)
        return shard

    def _end(self, config: str, split: str) -> None:
        shard = self._open[config, split]
        with writing(self.folder.parent):
            written = shard.file.close()
        del self._open[config, split]
        facts = FileFacts(digest=written.sha256, size_bytes=written.bytes, rows=written.rows)
        self._written[config, split].append(facts)
