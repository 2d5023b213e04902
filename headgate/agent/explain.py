"""`agent explain`: what a flow would send for one line, or why it would send nothing."""

from collections.abc import Callable, Iterable
from typing import Any

from headgate.agent.config.model import AgentConfig, Flow
from headgate.agent.convert.build import log_options
from headgate.agent.convert.chain import Chain, Dropped
from headgate.agent.convert.logs import MISMATCH, explain_mismatch
from headgate.agent.outgoing import final_step_of, record_bytes
from headgate.agent.text import decode

Print = Callable[[str], object]
_UNSENT = 3


def explain(
    settings: AgentConfig,
    number: int,
    line: str,
    make_chain: Callable[[Iterable[dict[str, Any]]], Chain],
    write: Print,
) -> int:
    """Write what becomes of the line; 0 when it would be sent, 3 when not, 1 for a flow that is not there."""
    if not 0 <= number < len(settings.flows):
        write(f"there is no flow {number}; the flows are 0 to {len(settings.flows) - 1}")
        return 1
    flow = settings.flows[number]
    # Bytes that the terminal handed over as surrogates are the line's own bytes.
    record = line.encode("utf-8", "surrogateescape")
    record = record if record.endswith(b"\n") else record + b"\n"
    chain = make_chain(flow.options)
    answer = chain.convert(record)
    write(f"flow {number}: {flow.id}")
    if isinstance(answer, Dropped):
        return _unsent(flow, record, answer, write)
    if chain.failures:
        write(f"a converter failed, so the line goes out as it is: {chain.last_failure}")
    final_step = final_step_of(flow)
    data = answer if final_step is None else final_step(answer, "", 0)
    limit = record_bytes(flow)
    if len(data) > limit:
        write(f"not sent: the record has {len(data)} bytes, the limit is {limit}")
        write("it would go to the rejects file")
        return _UNSENT
    write(f"would be sent ({len(data)} bytes):")
    write(decode(data).rstrip("\n"))
    return 0


def _unsent(flow: Flow, record: bytes, answer: Dropped, write: Print) -> int:
    write(f"{'sent as it is' if flow.on_mismatch == 'raw' else 'not sent'}: {answer.message}")
    for option in flow.options:
        if answer.reason == MISMATCH and option.get("optionName") == "LOGTOJSON":
            options = log_options(option)
            if options.pattern is None:
                ending = b"\r\n" if options.accept_crlf and record.endswith(b"\r\n") else b"\n"
                write(explain_mismatch(options, decode(record.removesuffix(ending))))
    if flow.on_mismatch == "raw":
        return 0
    write(
        "it would go to the rejects file"
        if flow.on_mismatch == "reject"
        else "it would be counted as dropped"
    )
    return _UNSENT
