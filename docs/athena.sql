-- One row for each event: copies of a retry carry the same event_id, and the first one that arrived is kept.
-- Within a day, so that Athena reads only the days that are asked for: of a retry across midnight both copies
-- show, one in each day; take `dt, ` out of PARTITION BY where that matters more than the price of the scan.
-- Run it once in Athena, in the stage's database (here headgate_prod); the table is there, with partition
-- projection, so that no crawler and no MSCK REPAIR is needed. Name a range of `dt` when you query the view:
-- SELECT type, count(*) FROM events WHERE dt BETWEEN '2026-01-01' AND '2026-01-31' GROUP BY type
CREATE OR REPLACE VIEW events AS
SELECT event_id, received_at, type, shard_id, sequence_number, event, dt, hour
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY dt, event_id
            ORDER BY received_at, length(sequence_number), sequence_number
        ) AS copy
    FROM curated
) AS numbered
WHERE copy = 1
