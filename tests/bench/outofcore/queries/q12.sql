-- Long strings put together by group.
SELECT count(*), sum(length(s)), max(length(s)) FROM (SELECT l_suppkey, string_agg(l_comment, ', ') AS s FROM lineitem GROUP BY l_suppkey) s
