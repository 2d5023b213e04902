-- The views of the stage prod, as `headgate infra views --stage prod` prints them. `curated` and `events` are made
-- with the stage; run the statements (in the stage's database, here headgate_prod) to get the typed view of each
-- event type that has a JSON Schema, and again when a schema has changed.
-- `events` has one row for each event: copies of a retry carry the same event_id, and the first one that arrived
-- is kept. Within a day, so that Athena reads only the days that are asked for: of a retry across midnight both
-- copies show, one in each day; take `dt, ` out of PARTITION BY where that matters more than the price of the
-- scan. Name a range of `dt` when you query a view:
-- SELECT type, count(*) FROM events WHERE dt BETWEEN '2026-01-01' AND '2026-01-31' GROUP BY type

CREATE OR REPLACE VIEW curated AS
SELECT
    json_extract_scalar(head, '$.event_id') AS event_id,
    json_extract_scalar(head, '$.received_at') AS received_at,
    json_extract_scalar(head, '$.type') AS type,
    json_extract_scalar(head, '$.shard_id') AS shard_id,
    json_extract_scalar(head, '$.sequence_number') AS sequence_number,
    event,
    dt,
    hour
FROM (
    SELECT
        substr(line, 1, strpos(line, ',"event":') - 1) || '}' AS head,
        substr(line, strpos(line, ',"event":') + 9, length(line) - strpos(line, ',"event":') - 9) AS event,
        dt,
        hour
    FROM curated_ndjson
    WHERE strpos(line, ',"event":') > 0
) AS cut;

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
WHERE copy = 1;
