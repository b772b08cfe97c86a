-- Quantiles by group, and over all.
SELECT sum(m), max(m), sum(d), (SELECT median(l_extendedprice) FROM lineitem)
FROM (SELECT l_partkey, quantile_cont(l_extendedprice, 0.5) AS m, quantile_disc(l_quantity, 0.9) AS d FROM lineitem GROUP BY l_partkey) s
