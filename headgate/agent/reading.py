"""Reads one file's next bytes, cuts them into records, converts them, and hands the lines to the batcher.

Every line ends in the batcher, in the rejects file or in a counter. The reading offset moves only after that,
so an error at any point leaves everything to be read again. Called by pipeline.py.
"""

from collections.abc import Sequence
from itertools import accumulate

from headgate.agent.batching import Batcher, Lines
from headgate.agent.config.model import HTTP, Flow
from headgate.agent.convert.chain import Chain, Converted
from headgate.agent.counters import Counters
from headgate.agent.framing import aggregate, header_end, is_footer, split_lines, split_multi_line
from headgate.agent.javaregex import JavaPattern, compile_java
from headgate.agent.longline import LongLines
from headgate.agent.outgoing import FinalStep, OutgoingRecords, WriteRejects, ordering_key
from headgate.agent.tail.file import TailedFile

BLOCK_BYTES = 256 * 1024


class FlowReader:
    """The way of a line from a file to a batch, for one flow."""

    def __init__(
        self,
        flow: Flow,
        chain: Chain,
        batcher: Batcher,
        counters: Counters,
        write_rejects: WriteRejects,
        long_lines: LongLines,
        final_step: FinalStep | None = None,
    ) -> None:
        self._flow = flow
        self._chain = chain
        self._batcher = batcher
        self._counters = counters
        self._outgoing = OutgoingRecords(flow, counters, write_rejects, final_step)
        self._long = long_lines
        self._start = compile_java(flow.start_pattern) if flow.start_pattern else None
        self._footer = _footer(flow)
        # The original's read buffer: what does not fit is too long to be one record.
        self._max_record_bytes = flow.limits.call_bytes
        self._plain = not (flow.pack_bytes or flow.kpl or flow.ordering_field or flow.kind == HTTP)

    def read(self, file: TailedFile, now_s: float) -> int:
        """Take the next records of `file`; how many bytes, 0 for none now. Raises Truncated, OSError."""
        if file.skipping is not None:
            return self._long.go_on(file, self._batcher, now_s)
        if file.read_offset == 0 and self._flow.skip_header_lines > 0 and file.size > 0:
            return self._skip_headers(file, now_s)
        if file.planned:
            return self._repeat_unit(file, now_s)
        if self._start is not None:
            return self._read_multi_line(file, self._start, now_s)
        waiting = file.scanned > file.read_offset and not file.has_line_beyond(BLOCK_BYTES)
        if waiting and file.unread < self._max_record_bytes:
            return 0
        return self._read_lines(file, now_s)

    def read_rest(self, file: TailedFile, now_s: float) -> int:
        """The unterminated end of a file to which nothing will be added: a record all the same."""
        data = file.read(self._max_record_bytes)
        if data:
            self._take(file, [data if data.endswith(b"\n") else data + b"\n"], data, now_s)
            self._batcher.end_unit(file)
        return len(data)

    def _read_lines(self, file: TailedFile, now_s: float) -> int:
        count = BLOCK_BYTES
        data = file.read(count)
        end = data.rfind(b"\n") + 1
        while end == 0 and len(data) == count and count < self._max_record_bytes:
            count = min(4 * count, self._max_record_bytes)
            data = file.read(count)
            end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) < self._max_record_bytes:
                file.no_line_up_to(file.read_offset + len(data))
                return 0
            return self._long.begin(file, data, self._batcher, now_s)
        block = data[:end]
        if self._footer is None and not self._flow.aggregated_bytes:
            self._take_block(file, block, now_s)
        else:
            records = split_lines(block).records
            if self._flow.aggregated_bytes:
                records = aggregate(records, self._flow.aggregated_bytes)
            self._take_until_footer(file, records, now_s)
        return end

    def _read_multi_line(self, file: TailedFile, start: JavaPattern, now_s: float) -> int:
        waiting = now_s - file.changed_s < self._flow.hold_s
        if waiting and file.size == file.held_size:
            return 0
        count = BLOCK_BYTES
        data = file.read(count)
        framed = split_multi_line(data, start, hold=waiting or len(data) == count)
        while not framed.records and len(data) == count and count < self._max_record_bytes:
            count = min(4 * count, self._max_record_bytes)
            data = file.read(count)
            framed = split_multi_line(data, start, hold=waiting or len(data) == count)
        if not framed.records and len(data) == self._max_record_bytes:
            end = data.rfind(b"\n") + 1
            if end == 0:
                return self._long.begin(file, data, self._batcher, now_s)
            framed = framed._replace(records=[data[:end]], remainder=data[end:])
        file.hold(complete=len(data) < count)
        if not framed.records:
            return 0
        taken = len(data) - len(framed.remainder)
        self._take_until_footer(file, framed.records, now_s)
        if not framed.remainder:
            # The last record ended because nothing followed; framing the bytes again would not end it here.
            self._batcher.end_unit(file)
        return taken

    def _skip_headers(self, file: TailedFile, now_s: float) -> int:
        lines = self._flow.skip_header_lines
        data = file.read(min(file.size, self._max_record_bytes))
        end = header_end(data, lines)
        if end is None:
            return 0
        self._batcher.skip(file, 0, end, now_s)
        self._counters.dropped["header"] += lines
        self._counters.records_read += lines
        self._counters.bytes_read += end
        file.consume(data[:end])
        return end

    def _repeat_unit(self, file: TailedFile, now_s: float) -> int:
        """A range that was handed over before a crash: the same range makes the same unit."""
        end = file.planned[0]
        data = file.read(end - file.read_offset)
        if len(data) < end - file.read_offset:
            file.drop_plan()
            return 0
        if self._start is not None:
            records = split_multi_line(data, self._start).records
        else:
            records = split_lines(data).records
            if self._flow.aggregated_bytes:
                records = aggregate(records, self._flow.aggregated_bytes)
        rest = data[sum(map(len, records)) :]
        if rest:
            records.append(rest + b"\n")
        lines = self._lines(file, records)
        self._batcher.add_unit(file, file.read_offset, end, lines, now_s)
        file.consume(data)
        file.repeated()
        return len(data)

    def _take_until_footer(self, file: TailedFile, records: list[bytes], now_s: float) -> None:
        for index, record in enumerate(records):
            if self._footer is not None and is_footer(record, self._footer):
                if index:
                    self._take(file, records[:index], b"".join(records[:index]), now_s)
                start, end = file.jump(file.size)
                self._batcher.skip(file, start, end, now_s)
                self._counters.records_read += 1
                self._counters.dropped["footer"] += 1
                self._counters.events["bytes_behind_footer"] += end - start - len(record)
                return
        self._take(file, records, b"".join(records), now_s)

    def _take(self, file: TailedFile, records: list[bytes], data: bytes, now_s: float) -> None:
        """Records that are not all lines; `data` are the bytes of the file they come from."""
        lines = self._lines(file, records, len(data))
        self._batcher.add(file, file.read_offset, lines, now_s)
        self._counters.bytes_read += len(data)
        file.consume(data)

    def _take_block(self, file: TailedFile, block: bytes, now_s: float) -> None:
        """The hot path: a block of whole lines."""
        raw = block[:-1].split(b"\n")
        offset = file.read_offset
        ends = list(accumulate([len(line) + 1 for line in raw], initial=offset))[1:]
        answers: Sequence[Converted]
        answers = self._chain.convert_block(block) if self._chain else [line + b"\n" for line in raw]
        checked = self._outgoing.check(file, answers, ends, lambda index: raw[index] + b"\n")
        add = self._batcher.add_single_lines if self._plain else self._batcher.add
        add(file, offset, self._with_keys(checked, ends), now_s)
        self._counters.records_read += len(raw)
        self._counters.bytes_read += len(block)
        file.consume(block)

    def _lines(self, file: TailedFile, records: list[bytes], total: int | None = None) -> Lines:
        ends = list(accumulate(map(len, records), initial=file.read_offset))[1:]
        if total is not None:
            ends[-1] = file.read_offset + total
        answers = [self._chain.convert(record) for record in records] if self._chain else records
        checked = self._outgoing.check(file, answers, ends, records.__getitem__)
        self._counters.records_read += len(records)
        return self._with_keys(checked, ends)

    def _with_keys(self, checked: Sequence[bytes | None], ends: list[int]) -> Lines:
        field = self._flow.ordering_field
        if field is None:
            return Lines(checked, ends)
        return Lines(checked, ends, [None if data is None else ordering_key(data, field) for data in checked])


def _footer(flow: Flow) -> JavaPattern | None:
    return None if flow.footer_pattern is None else compile_java(flow.footer_pattern, multiline=True)
