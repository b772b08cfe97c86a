-- Writes the sample data of this folder. Run with DuckDB in the repository's
-- root; the rows follow from their number, so the data is the same every time.
CREATE TABLE sale AS
SELECT
    i + 100000 AS order_id,
    DATE '2025-01-01' + CAST(i * 181 // 12000 AS INTEGER) AS day,
    CAST((i * 7919 + i // 13) % 12 + 1 AS INTEGER) AS store_id,
    ['water', 'espresso', 'filter coffee', 'green tea', 'oat cookie', 'flat white', 'cheesecake', 'sandwich']
        [CAST((i * i + 31 * (i // 7)) % 8 + 1 AS INTEGER)] AS product,
    CAST((i * 104729) % 97 % 5 + 1 AS INTEGER) AS quantity,
    CAST(2 + (i * i + 31 * (i // 7)) % 8 * 0.55 + i % 3 * 0.10 AS DECIMAL(8,2)) AS unit_price,
    CASE WHEN i % 11 = 0 THEN CAST(i % 4 * 0.05 AS DOUBLE) END AS discount,
    CASE WHEN i % 5 <> 0 THEN 'c' || lpad(CAST((i * 6151) % 900 AS VARCHAR), 4, '0') END AS customer,
    TIMESTAMP '2025-01-01 07:00:00' + INTERVAL (i * 181 // 12000) DAY + INTERVAL (i * 37 % 720) MINUTE AS paid_at
FROM range(12000) AS t(i)
ORDER BY i;

COPY (SELECT * FROM sale WHERE day < '2025-02-01') TO 'docs/examples/sales/2025-01.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY (SELECT * FROM sale WHERE day >= '2025-02-01' AND day < '2025-03-01') TO 'docs/examples/sales/2025-02.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY (SELECT * FROM sale WHERE day >= '2025-03-01' AND day < '2025-04-01') TO 'docs/examples/sales/2025-03.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY (SELECT * FROM sale WHERE day >= '2025-04-01' AND day < '2025-05-01') TO 'docs/examples/sales/2025-04.parquet' (FORMAT parquet, COMPRESSION snappy);
COPY (SELECT * FROM sale WHERE day >= '2025-05-01' AND day < '2025-06-01') TO 'docs/examples/sales/2025-05.parquet' (FORMAT parquet, COMPRESSION snappy);
COPY (SELECT * FROM sale WHERE day >= '2025-06-01') TO 'docs/examples/sales/2025-06.parquet' (FORMAT parquet, COMPRESSION gzip);

COPY (
    SELECT * FROM (VALUES
        (1, 'Harbour', 'Hamburg', 120.5), (2, 'Old Town', 'Lübeck', 64.0), (3, 'Station', 'Hamburg', 38.25),
        (4, 'Museum', 'Bremen', 85.0), (5, 'University', 'Bremen', NULL), (6, 'Lakeside', 'Kiel', 102.0),
        (7, 'Market, north side', 'Kiel', 55.5), (8, 'Airport', 'Hamburg', 41.0), (9, 'Theatre', 'Rostock', 73.75),
        (10, 'Park', 'Rostock', NULL), (11, 'Bridge', 'Lübeck', 48.0), (12, 'Tower', 'Bremen', 91.25),
        (13, 'Opening soon', 'Kiel', 77.0)
    ) AS t(store_id, name, city, area)
) TO 'docs/examples/stores.csv' (HEADER);
