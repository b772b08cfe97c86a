-- Window over many partitions.
SELECT sum(rn), sum(total), max(prev), count(prev)
FROM (SELECT row_number() OVER w AS rn, sum(l_quantity) OVER w AS total, lag(l_comment) OVER w AS prev
      FROM lineitem WINDOW w AS (PARTITION BY l_orderkey ORDER BY l_linenumber)) s
