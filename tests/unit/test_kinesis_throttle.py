"""One test for each limit that AWS documents for a shard."""

from headgate.local.kinesis.limits import MIB
from headgate.local.kinesis.throttle import ShardThrottle


def admitted_puts(throttle: ShardThrottle, size_bytes: int, now_s: float, tries: int = 3000) -> int:
    return sum(throttle.admit_put(1, size_bytes, now_s) for _ in range(tries))


def test_k02_a_shard_takes_a_thousand_records_a_second() -> None:
    throttle = ShardThrottle()
    assert admitted_puts(throttle, 1, 0.0) == 1000
    assert admitted_puts(throttle, 1, 0.5) == 500


def test_k02_a_shard_takes_a_mebibyte_a_second() -> None:
    throttle = ShardThrottle()
    assert admitted_puts(throttle, 64 * 1024, 0.0) == 16
    assert admitted_puts(throttle, 64 * 1024, 0.5) == 8


def test_k07_a_hot_shard_leaves_the_others_alone() -> None:
    throttle = ShardThrottle()
    admitted_puts(throttle, 1, 0.0)
    assert not throttle.admit_put(1, 1, 0.0)
    assert throttle.admit_put(2, 1, 0.0)


def test_a_record_refused_for_its_bytes_spends_no_record() -> None:
    throttle = ShardThrottle()
    throttle.admit_put(1, MIB, 0.0)
    assert not throttle.admit_put(1, MIB, 0.0)
    assert admitted_puts(throttle, 0, 0.0) == 999


def test_a_record_above_a_mebibyte_bursts_and_is_paid_off_afterwards() -> None:
    throttle = ShardThrottle()
    assert throttle.admit_put(1, 10 * MIB, 0.0)
    assert not throttle.admit_put(1, 1, 8.9)
    assert throttle.admit_put(1, 1, 9.1)


def test_five_get_records_calls_a_second_are_shared_by_all_readers_of_a_shard() -> None:
    throttle = ShardThrottle()
    assert [throttle.admit_read(1, 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert throttle.admit_read(1, 0.21)


def test_ten_mebibytes_out_of_one_call_block_the_shard_for_five_seconds() -> None:
    throttle = ShardThrottle()
    throttle.charge_read(1, 10 * MIB, 0.0)
    assert not throttle.admit_read(1, 4.99)
    assert throttle.admit_read(1, 5.01)


def test_two_mebibytes_a_second_can_be_read_for_ever() -> None:
    throttle = ShardThrottle()
    for second in range(1, 100):
        assert throttle.admit_read(1, second + 0.001 * second)
        throttle.charge_read(1, 2 * MIB, second + 0.001 * second)


def test_five_shard_iterators_a_second_are_given_for_a_shard() -> None:
    throttle = ShardThrottle()
    assert [throttle.admit_iterator(1, 0.0) for _ in range(6)] == [True] * 5 + [False]


def test_a_clock_that_goes_back_gives_no_new_tokens_and_takes_none_away() -> None:
    throttle = ShardThrottle()
    admitted_puts(throttle, 1, 1000.0)
    assert not throttle.admit_put(1, 1, 0.0)
    assert throttle.admit_put(1, 1, 1.0)
