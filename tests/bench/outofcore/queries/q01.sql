-- Aggregation: ten million groups with a string each.
SELECT count(*), sum(n), min(s), max(s), sum(length(s))
FROM (SELECT k, count(*) AS n, max(s) AS s
      FROM (SELECT i * 7919 % 10000019 AS k, 'the payload of row number ' || CAST(i AS VARCHAR) AS s FROM range(12000000) t(i)) r
      GROUP BY k) g
