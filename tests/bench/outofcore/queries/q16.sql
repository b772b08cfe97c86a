-- A table larger than the limit.
DROP TABLE IF EXISTS made;
CREATE TABLE made AS SELECT * FROM lineitem;
SELECT count(*), sum(l_orderkey), sum(l_extendedprice), max(l_comment), max(l_shipinstruct) FROM made
