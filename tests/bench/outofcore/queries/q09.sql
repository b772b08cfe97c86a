-- Window over one partition.
SELECT sum(rn * l_linenumber), max(total), max(prev), count(prev)
FROM (SELECT l_linenumber, row_number() OVER w AS rn, sum(l_quantity) OVER w AS total, lag(l_comment) OVER w AS prev
      FROM lineitem WINDOW w AS (ORDER BY l_shipdate, l_orderkey, l_linenumber)) s
