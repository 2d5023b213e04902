"""The main loop: one thread that reads, batches, writes checkpoints and hands batches to the sending threads.

Ends on SIGTERM or SIGINT, or with `once` when once.py says so; reloads on SIGHUP. What is not acknowledged
when it ends is read again at the next start, under the same ids.
"""

import logging
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from headgate.agent.compose import MakeSink, make_metrics, make_pipeline, make_sender
from headgate.agent.config.model import FIREHOSE, HTTP, AgentConfig
from headgate.agent.delivery import Delivery
from headgate.agent.once import PATIENCE_S, Once, held
from headgate.agent.pipeline import Pipeline
from headgate.agent.rejects import Rejects
from headgate.agent.sending import CallResult, Delivered, Sender
from headgate.agent.sinks.aws import Unusable
from headgate.agent.sinks.records import Sink
from headgate.agent.state import State
from headgate.agent.status import report, skipped
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk
from headgate.agent.watch import Watcher

_log = logging.getLogger(__name__)
_SLOW_POLL_S = 2.0  # with inotify: for what it does not see (links, other hosts' writes, moved files)
_STOP_MARGIN_S = 0.5
_METRICS_S = 3.0  # for the last flush; the first call of a client is slow on a busy host
_WATCH_RETRY_S = 10.0
_GATHER_S = 0.05  # after the ends of the files were reached: a busy log must not wake the loop for each line

Reload = Callable[[], AgentConfig | None]
"""Reads the configuration again; None when it is not usable."""


class Agent:
    """The running agent; `stop` and `reload` may be called from signal handlers."""

    def __init__(
        self,
        settings: AgentConfig,
        state: State,
        disk: Disk,
        make_sink: MakeSink,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`state` is locked already; `patience_s` is how long `once` waits without any progress."""
        self.settings = settings
        self.end = Once(patience_s)
        self._disk, self._make_sink = disk, make_sink
        self._rejects = Rejects(state.directory, settings.rejects_max_bytes)
        self._results: SimpleQueue[CallResult | Delivered] = SimpleQueue()
        self._senders: dict[str, Sender] = {}
        self._watcher = Watcher(flow.pattern.root for flow in settings.flows)
        self._metrics = make_metrics(settings)
        self._stopping = self._reload_wanted = False
        self._started_s = time.monotonic()
        self._status_s = self._metrics_s = self._watch_s = self._started_s
        self._delivery = Delivery([], state.save, self._rejects.sync, time.time, settings.checkpoint_ttl_s)
        known = state.load()
        for flow in settings.flows:
            self._add(make_pipeline(settings, flow, known, disk, self._rejects), make_sink(settings, flow))
        self._keep_others(known)

    @property
    def pipelines(self) -> list[Pipeline]:
        """The flows."""
        return self._delivery.pipelines

    def stop(self) -> None:
        """End soon."""
        self._stopping = True
        self._watcher.wake()

    def ask_reload(self) -> None:
        """Reload soon."""
        self._reload_wanted = True
        self._watcher.wake()

    def run(self, *, once: bool, reload: Reload) -> bool:
        """Run until stopped, or with `once` until all is delivered; True when nothing is left undone."""
        # The first commit makes the flows known, so that a file that comes later begins at 0.
        for pipeline in self.pipelines:
            pipeline.poll(time.monotonic(), refresh=True)
            if pipeline.skipped_bytes:
                _log.info("%s: %s", pipeline.flow.id, skipped(pipeline.skipped_bytes))
        self._delivery.touch()
        changed: dict[str, set[str]] | None = {}
        while not self._stopping:
            if self._reload_wanted:
                self._reload_wanted = False
                self._reload(reload)
                changed = None
            now_s = time.monotonic()
            progressed = self._pass(now_s, changed, flush=once)
            if once and not progressed:
                for pipeline in self.pipelines:
                    progressed |= pipeline.read_ends(now_s)
            if once and not progressed and self.end.ended(self.pipelines, self._delivery, now_s):
                break
            if progressed and not self._backlog():
                self._watcher.pause(_GATHER_S)
            changed = self._watcher.wait(0.0 if progressed else self._wait_s(time.monotonic(), once=once))
            self._periodic(time.monotonic())
        return self._shut_down()

    def _pass(self, now_s: float, changed: dict[str, set[str]] | None, *, flush: bool) -> bool:
        self._take_results(now_s)
        progressed = False
        for pipeline in self.pipelines:
            pattern = pipeline.flow.pattern
            names = {name for each in pipeline.files.watched for name in (changed or {}).get(each, ())}
            relevant = any(not name or pattern.levels or pattern.matches(name) for name in names)
            pipeline.poll(now_s, refresh=changed is None or relevant)
            if pipeline.read_files(now_s):
                progressed = True
                self.end.moved(pipeline.flow.id, now_s)
        self._watcher.watch_only(each for pipeline in self.pipelines for each in pipeline.files.watched)
        for ready in self._delivery.collect(now_s, flush=flush):
            self._senders[ready.pipeline.flow.id].submit(ready)
        self._delivery.housekeep(now_s)
        return progressed

    def _take_results(self, now_s: float) -> None:
        while True:
            try:
                result = self._results.get_nowait()
            except Empty:
                return
            counters = result.pipeline.counters
            if isinstance(result, Delivered):
                counters.records_resent += result.resent
                lines = sum(len(unit.lines) for unit in result.batch.units)
                counters.records_sent += lines - len(result.rejects)
                self._delivery.acknowledge(result.pipeline, result.batch, result.rejects, now_s)
            else:
                counters.calls += 1
                counters.send_errors += result.failed
                counters.bytes_sent += result.bytes_sent
                self.end.saw(result, now_s)
                self._measure(result)

    def _measure(self, call: CallResult) -> None:
        flow = call.pipeline.flow
        if flow.kind == HTTP:
            return
        kind = "DeliveryStream" if flow.kind == FIREHOSE else "KinesisStream"
        destination = f"{kind}:{flow.destination}"
        self._metrics.add(destination, "RecordSendAttempts", call.units)
        self._metrics.add(destination, "RecordsSent", call.units - call.failed)
        self._metrics.add(destination, "RecordSendErrors", call.failed)
        self._metrics.add(destination, "BytesSent", call.bytes_sent, "Bytes")
        self._metrics.add(destination, "ServiceErrors", float(call.service_error))

    def _periodic(self, now_s: float) -> None:
        if now_s - self._status_s >= self.settings.status_period_s:
            self._status_s = now_s
            for pipeline in self.pipelines:
                pipeline.poll(now_s, refresh=True)
                report(pipeline, now_s - self._started_s)
                if pipeline.flow.kind != HTTP:
                    errors = pipeline.counters.errors_in_a_row
                    self._metrics.add(pipeline.flow.destination, "ConsecutiveProcessingErrors", errors)
        if now_s - self._metrics_s >= self.settings.metrics_period_s:
            self._metrics_s = now_s
            self._metrics.flush()
        if now_s - self._watch_s >= _WATCH_RETRY_S:
            self._watch_s = now_s
            self._watcher.add_missing()

    def _wait_s(self, now_s: float, *, once: bool) -> float:
        """How long nothing can be due."""
        poll_s = min(pipeline.flow.poll_s for pipeline in self.pipelines)
        waits = [_SLOW_POLL_S if self._watcher.complete and not once else max(0.01, poll_s)]
        due = [self._delivery.due_s(), *(pipeline.next_due_s() for pipeline in self.pipelines)]
        waits += [due_s - now_s for due_s in due if due_s is not None]
        waits.append(self._status_s + self.settings.status_period_s - now_s)
        if any(
            file.unread and held(pipeline, file)
            for pipeline in self.pipelines
            for file in pipeline.files.files
        ):
            waits.append(max(_GATHER_S, poll_s))
        return max(0.0, min(waits))

    def _backlog(self) -> bool:
        return any(file.unread for pipeline in self.pipelines for file in pipeline.files.files)

    def _shut_down(self) -> bool:
        """Send what is read, wait for what is on its way, write the checkpoints, give everything back."""
        wait_s = 0.0 if self.end.given_up else self.settings.shutdown_s - _STOP_MARGIN_S
        deadline_s = time.monotonic() + max(_STOP_MARGIN_S, wait_s)
        for ready in self._delivery.collect(time.monotonic(), flush=True):
            self._senders[ready.pipeline.flow.id].submit(ready)
        while not all(pipeline.idle() for pipeline in self.pipelines) and time.monotonic() < deadline_s:
            self._watcher.wait(min(0.1, max(0.0, deadline_s - time.monotonic())))
            self._take_results(time.monotonic())
        clean = all(pipeline.idle() for pipeline in self.pipelines)
        for sender in self._senders.values():
            sender.stop(deadline_s)
        self._take_results(time.monotonic())
        try:
            self._delivery.commit(time.monotonic())
        except OSError as error:
            _log.error("the last checkpoints could not be written: %s", error)
            clean = False
        for pipeline in self.pipelines:
            # A last look, for what came or grew since: it is not read any more, and the line must say so.
            pipeline.poll(time.monotonic(), refresh=True)
            report(pipeline, time.monotonic() - self._started_s)
            pipeline.files.close()
        self._metrics.close(_METRICS_S)
        self._rejects.close()
        self._watcher.close()
        return clean

    def _add(self, pipeline: Pipeline, sink: Sink) -> None:
        self._delivery.pipelines.append(pipeline)
        self._senders[pipeline.flow.id] = make_sender(
            self.settings, pipeline, sink, self._results, self._watcher.wake
        )

    def _keep_others(self, known: dict[str, list[Checkpoint]]) -> None:
        """Checkpoints of flows that are not configured now stay, for a configuration that has them again."""
        ours = {pipeline.flow.id for pipeline in self.pipelines}
        self._delivery.others = {flow: found for flow, found in known.items() if flow not in ours}

    def _reload(self, read: Reload) -> None:
        settings = read()
        if settings is None:
            _log.error("the configuration is not usable; the one before stays in force")
            return
        old = {pipeline.flow.id: pipeline for pipeline in self.pipelines}
        kept = [old[flow.id] for flow in settings.flows if flow.id in old and old[flow.id].flow == flow]
        ending = [pipeline for pipeline in self.pipelines if pipeline not in kept]
        fresh = [flow for flow in settings.flows if flow.id not in {pipeline.flow.id for pipeline in kept}]
        try:
            sinks = [self._make_sink(settings, flow) for flow in fresh]
        except Unusable as error:
            _log.error("%s; the configuration before stays in force", error)
            return
        known = self._end_flows(ending)
        known |= self._delivery.others
        self.settings = settings
        self._delivery.keep(kept)
        for flow, sink in zip(fresh, sinks, strict=True):
            pipeline = make_pipeline(settings, flow, known, self._disk, self._rejects)
            if flow.id in old:
                pipeline.files.adopt(old[flow.id].files, time.monotonic())
            self._add(pipeline, sink)
        for pipeline in ending:
            pipeline.files.close()
        self._keep_others(known)
        self._delivery.touch()
        _log.info("configuration reloaded: %d flows, %d of them unchanged", len(settings.flows), len(kept))

    def _end_flows(self, pipelines: list[Pipeline]) -> dict[str, list[Checkpoint]]:
        """Stop flows; their checkpoints."""
        deadline_s = time.monotonic() + self.settings.shutdown_s
        for pipeline in pipelines:
            self._senders.pop(pipeline.flow.id).stop(deadline_s)
        self._take_results(time.monotonic())
        return {
            pipeline.flow.id: pipeline.checkpoints(time.time(), self.settings.checkpoint_ttl_s)
            for pipeline in pipelines
        }
