"""Reads one file's next bytes, cuts them into records, converts them, and hands the lines to the batcher.

Every line ends in the batcher, in the rejects file or in a counter. The reading offset moves only after that,
so an error at any point leaves everything to be read again. Called by pipeline.py.
"""

from collections.abc import Sequence
from itertools import accumulate

from headgate.agent.batching import Batcher, Lines
from headgate.agent.config.model import HTTP, Flow
from headgate.agent.convert.chain import TIMEOUT, Chain, Converted
from headgate.agent.counters import Counters
from headgate.agent.framing import Framed, aggregate, header_end, is_footer, split_lines, split_multi_line
from headgate.agent.javaregex import JavaPattern, MatchTimeout, compile_java, time_limit
from headgate.agent.longline import LongLines
from headgate.agent.outgoing import FinalStep, OutgoingRecords, WriteRejects, ordering_key
from headgate.agent.tail.file import TailedFile

BLOCK_BYTES = 256 * 1024
_BOM = b"\xef\xbb\xbf"
_HOLE_BYTES = 4096  # so many NULs where a line begins are a hole, and no line
_HOLE_BEGINS = b"\n" + bytes(_HOLE_BYTES)


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
        self.interrupted = False  # a pattern took too long: the rest is for the next pass
        self._plain = not (flow.pack_bytes or flow.kpl or flow.ordering_field or flow.kind == HTTP)

    def read(self, file: TailedFile, now_s: float) -> int:  # noqa: PLR0911 - a list of cases
        """Take the next records of `file`; how many bytes, 0 for none now. Raises Truncated, OSError."""
        self.interrupted = False
        if file.skipping:
            return self._long.go_on(file, self._batcher, now_s)
        if skipped := self._skip_what_is_no_line(file, now_s):
            return skipped
        at_start = file.read_offset == 0 or file.head == _BOM
        if at_start and self._flow.skip_header_lines > 0 and file.size > 0:
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
        if file.skipping:
            return self._long.end(file, self._batcher, now_s)
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
        hole = data.find(_HOLE_BEGINS, 0, end)
        end = hole + 1 if hole >= 0 else end
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
        framed = self._frame(data, start, hold=waiting or len(data) == count)
        while (
            framed is not None
            and not framed.records
            and len(data) == count
            and count < self._max_record_bytes
        ):
            count = min(4 * count, self._max_record_bytes)
            data = file.read(count)
            framed = self._frame(data, start, hold=waiting or len(data) == count)
        if framed is None:
            return 0
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

    def _frame(self, data: bytes, start: JavaPattern, *, hold: bool) -> Framed | None:
        """Return the records; None when the pattern took too long for a line, which then begins no record."""
        try:
            with time_limit():
                return split_multi_line(data, start, hold=hold)
        except MatchTimeout:
            self._give_up(start)
            return None

    def _give_up(self, pattern: JavaPattern) -> None:
        pattern.give_up()
        self.interrupted = True
        self._counters.events[TIMEOUT] += 1

    def _skip_what_is_no_line(self, file: TailedFile, now_s: float) -> int:
        """Leave out a byte order mark at the beginning, and NULs: the hole that copytruncate leaves.

        A writer without O_APPEND goes on at its old offset in the truncated file. Source: open(2), O_APPEND.
        """
        start = file.read(len(_BOM))
        if file.read_offset == 0 and start == _BOM:
            kind, end = "byte_order_mark", len(_BOM)
            file.consume(_BOM)
        elif start[:1] == b"\0":
            data = file.read(BLOCK_BYTES)
            count = len(data) - len(data.lstrip(b"\0"))
            if file.read_offset and count < _HOLE_BYTES and not file.tail.endswith(b"\0"):
                return 0
            kind, end = "hole_bytes", file.read_offset + count
            if count == len(data):
                end = max(end, min(file.size, file.disk.next_data(file.held(), end)))
            begin, end = file.jump(end)
            self._counters.events[kind] += end - begin
            self._batcher.skip(file, begin, end, now_s)
            self._batcher.end_unit(file)
            return end - begin
        else:
            return 0
        self._counters.events[kind] += 1
        self._batcher.skip(file, 0, end, now_s)
        return end

    def _skip_headers(self, file: TailedFile, now_s: float) -> int:
        lines = self._flow.skip_header_lines
        data = file.read(min(file.size, self._max_record_bytes))
        end = header_end(data, lines)
        if end is None:
            return 0
        self._batcher.skip(file, file.read_offset, file.read_offset + end, now_s)
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
        answers = [self._chain.convert(record) for record in records] if self._chain else records
        lines = self._lines(file, records, answers)
        self._batcher.add_unit(file, file.read_offset, end, lines, now_s)
        file.consume(data)
        file.repeated()
        return len(data)

    def _take_until_footer(self, file: TailedFile, records: list[bytes], now_s: float) -> None:
        index = self._footer_index(records)
        before = records[:index]
        if before and not self._take(file, before, b"".join(before), now_s):
            return
        if index < len(records):
            start, end = file.jump(file.size)
            self._batcher.skip(file, start, end, now_s)
            self._counters.records_read += 1
            self._counters.dropped["footer"] += 1
            self._counters.events["bytes_behind_footer"] += end - start - len(records[index])

    def _footer_index(self, records: list[bytes]) -> int:
        """Return which record is the footer; their number when none is."""
        while self._footer is not None:
            try:
                with time_limit():
                    found = (i for i, record in enumerate(records) if is_footer(record, self._footer))
                    return next(found, len(records))
            except MatchTimeout:
                self._give_up(self._footer)
        return len(records)

    def _take(self, file: TailedFile, records: list[bytes], data: bytes, now_s: float) -> bool:
        """Take records that are not all lines; `data` are the bytes of the file they come from.

        Return False when the rest of them is left for the next pass.
        """
        answers: Sequence[Converted] = self._chain.convert_records(records) if self._chain else records
        complete = len(answers) == len(records)
        if not complete:
            records = records[: len(answers)]
            data = b"".join(records)
            self.interrupted = True
        lines = self._lines(file, records, answers, len(data))
        self._batcher.add(file, file.read_offset, lines, now_s)
        self._counters.bytes_read += len(data)
        file.consume(data)
        return complete

    def _take_block(self, file: TailedFile, block: bytes, now_s: float) -> None:
        """The hot path: a block of whole lines."""
        raw = block[:-1].split(b"\n")
        offset = file.read_offset
        ends = list(accumulate([len(line) + 1 for line in raw], initial=offset))[1:]
        answers: Sequence[Converted]
        answers = self._chain.convert_block(block) if self._chain else [line + b"\n" for line in raw]
        if len(answers) < len(raw):
            raw, ends = raw[: len(answers)], ends[: len(answers)]
            block = block[: ends[-1] - offset]
            self.interrupted = True
        checked = self._outgoing.check(file, answers, ends, lambda index: raw[index] + b"\n")
        add = self._batcher.add_single_lines if self._plain else self._batcher.add
        add(file, offset, self._with_keys(checked, ends), now_s)
        self._counters.records_read += len(raw)
        self._counters.bytes_read += len(block)
        file.consume(block)

    def _lines(
        self, file: TailedFile, records: list[bytes], answers: Sequence[Converted], total: int | None = None
    ) -> Lines:
        ends = list(accumulate(map(len, records), initial=file.read_offset))[1:]
        if total is not None:
            ends[-1] = file.read_offset + total
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
