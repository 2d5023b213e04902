"""Seeded faults for the local run and the tests: what can go wrong on AWS goes wrong here, on demand.

    faults = Faults(parse_faults("throttle=0.2,lost_answer=0.05,seed=7"))
    service = faulty_kinesis(service, faults, time.sleep)

Nothing in here touches a service unless its faults were asked for.
"""

from headgate.local.errors import HangUp
from headgate.local.faults.chance import Faults
from headgate.local.faults.spec import FaultSpec, parse_faults

__all__ = ["FaultSpec", "Faults", "HangUp", "parse_faults"]
