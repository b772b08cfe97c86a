package tpch

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "github.com/gannetdb/gannet/driver/mysql"
	"github.com/gannetdb/gannet/tests/suite"
)

// TestMySQL runs the queries in MySQL's dialect; the answers are those of the
// native ones.
func TestMySQL(t *testing.T) {
	data, ok := Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	db, err := sql.Open("gannet", "?dialect=mysql")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range Tables {
		suite.Execute(t, db, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM `%s`", table, filepath.Join(data.Data("sf0.01"), table+".parquet")))
	}
	for i, q := range mysqlQueries {
		t.Run(fmt.Sprintf("q%02d", i+1), func(t *testing.T) {
			want, err := data.Answer("sf0.01", i+1)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			_, err = suite.Stream(db, q, func(columns []suite.Column, cells []string) error {
				n++
				if n > len(want) {
					return fmt.Errorf("more than the %d rows wanted", len(want))
				}
				return compare(columns, n, cells, want[n-1])
			})
			if err != nil {
				t.Fatal(err)
			}
			if n != len(want) {
				t.Fatalf("%d rows, want %d", n, len(want))
			}
		})
	}
}

// mysqlQueries are the 22 queries with what MySQL's dialect has of its own:
// dates as texts, intervals, comma limits, double quotes, IF, YEAR, backquotes.
var mysqlQueries = []string{
	`select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice) as sum_base_price,
		sum(l_extendedprice * (1 - l_discount)) as sum_disc_price,
		sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge,
		avg(l_quantity) as avg_qty, avg(l_extendedprice) as avg_price, avg(l_discount) as avg_disc, count(*) as count_order
	from lineitem where l_shipdate <= date '1998-12-01' - interval 90 day
	group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus`,

	`select s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
	from part, supplier, partsupp, nation, region
	where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size = 15 and p_type like "%BRASS"
		and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = "EUROPE"
		and ps_supplycost = (select min(ps_supplycost) from partsupp, supplier, nation, region
			where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey
				and n_regionkey = r_regionkey and r_name = "EUROPE")
	order by s_acctbal desc, n_name, s_name, p_partkey limit 0, 100`,

	`select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority
	from customer straight_join orders on c_custkey = o_custkey inner join lineitem on l_orderkey = o_orderkey
	where c_mktsegment = 'BUILDING' && o_orderdate < '1995-03-15' && l_shipdate > '1995-03-15'
	group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10`,

	`select o_orderpriority, count(*) as order_count from orders
	where o_orderdate >= '1993-07-01' and o_orderdate < date_add('1993-07-01', interval 3 month)
		and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)
	group by o_orderpriority order by o_orderpriority`,

	`select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
	from customer, orders, lineitem, supplier, nation, region
	where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey
		and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'ASIA'
		and o_orderdate >= '1994-01-01' and o_orderdate < date '1994-01-01' + interval '1' year
	group by n_name order by revenue desc`,

	`select sum(l_extendedprice * l_discount) as revenue from lineitem
	where l_shipdate >= '1994-01-01' and l_shipdate < date_add(date '1994-01-01', interval 1 year)
		and l_discount between .06 - 0.01 and .06 + 0.01 and l_quantity < 24`,

	`select supp_nation, cust_nation, l_year, sum(volume) as revenue
	from (select n1.n_name as supp_nation, n2.n_name as cust_nation, extract(year from l_shipdate) as l_year,
			l_extendedprice * (1 - l_discount) as volume
		from supplier, lineitem, orders, customer, nation n1, nation n2
		where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey
			and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
			and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') || (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE'))
			and l_shipdate between '1995-01-01' and '1996-12-31') as shipping
	group by supp_nation, cust_nation, l_year order by supp_nation, cust_nation, l_year`,

	`select o_year, sum(if(nation = 'BRAZIL', volume, 0)) / sum(volume) as mkt_share
	from (select year(o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as volume, n2.n_name as nation
		from part, supplier, lineitem, orders, customer, nation n1, nation n2, region
		where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey
			and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name = 'AMERICA'
			and s_nationkey = n2.n_nationkey and o_orderdate between date '1995-01-01' and date '1996-12-31'
			and p_type = 'ECONOMY ANODIZED STEEL') all_nations
	group by o_year order by o_year`,

	`select nation, o_year, sum(amount) as sum_profit
	from (select n_name as nation, year(o_orderdate) as o_year,
			l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount
		from part, supplier, lineitem, partsupp, orders, nation
		where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey
			and o_orderkey = l_orderkey and s_nationkey = n_nationkey and p_name like '%green%') as profit
	group by 1, 2 order by nation, o_year desc`,

	`select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_address, c_phone, c_comment
	from customer, orders, lineitem, nation
	where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= '1993-10-01'
		and o_orderdate < '1993-10-01' + interval 3 month and l_returnflag = 'R' and c_nationkey = n_nationkey
	group by c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment order by revenue desc limit 20`,

	"select ps_partkey, sum(ps_supplycost * ps_availqty) as `value` from partsupp, supplier, nation\n" +
		"where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY' group by ps_partkey\n" +
		"having `value` > (select sum(ps_supplycost * ps_availqty) * 0.0001000000 from partsupp, supplier, nation\n" +
		"	where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY')\n" +
		"order by `value` desc",

	`select l_shipmode, sum(o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH') as high_line_count,
		sum(o_orderpriority <> '1-URGENT' and o_orderpriority != '2-HIGH') as low_line_count
	from orders, lineitem
	where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
		and l_shipdate < l_commitdate and l_receiptdate >= '1994-01-01' and l_receiptdate < adddate('1994-01-01', interval 1 year)
	group by l_shipmode order by l_shipmode`,

	`select c_count, count(*) as custdist
	from (select c_custkey, count(o_orderkey) from customer
		left outer join orders on c_custkey = o_custkey and o_comment not like '%special%requests%'
		group by c_custkey) as c_orders (c_custkey, c_count)
	group by c_count order by custdist desc, c_count desc`,

	`select 100.00 * sum(if(p_type like 'PROMO%', l_extendedprice * (1 - l_discount), 0)) / sum(l_extendedprice * (1 - l_discount)) as promo_revenue
	from lineitem, part
	where l_partkey = p_partkey and l_shipdate >= date '1995-09-01' and l_shipdate < date '1995-09-01' + interval 1 month`,

	`with revenue (supplier_no, total_revenue) as (
		select l_suppkey, sum(l_extendedprice * (1 - l_discount)) from lineitem
		where l_shipdate >= '1996-01-01' and l_shipdate < date_add('1996-01-01', interval 1 quarter) group by l_suppkey)
	select s_suppkey, s_name, s_address, s_phone, total_revenue from supplier, revenue
	where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue) order by s_suppkey`,

	`select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt from partsupp, part
	where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%'
		and p_size in (49, 14, 23, 45, 19, 3, 36, 9)
		and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%')
	group by p_brand, p_type, p_size order by supplier_cnt desc, p_brand, p_type, p_size`,

	`select sum(l_extendedprice) / 7.0 as avg_yearly from lineitem, part
	where p_partkey = l_partkey and p_brand = 'Brand#23' and p_container = 'MED BOX'
		and l_quantity < (select 0.2 * avg(l_quantity) from lineitem where l_partkey = p_partkey)`,

	`select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) from customer, orders, lineitem
	where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 300)
		and c_custkey = o_custkey and o_orderkey = l_orderkey
	group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice order by o_totalprice desc, o_orderdate limit 100 offset 0`,

	`select sum(l_extendedprice * (1 - l_discount)) as revenue from lineitem, part
	where (p_partkey = l_partkey and p_brand = 'Brand#12' and p_container in ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
			and l_quantity >= 1 and l_quantity <= 1 + 10 and p_size between 1 and 5
			and l_shipmode in ('AIR', 'AIR REG') and l_shipinstruct = 'DELIVER IN PERSON')
		|| (p_partkey = l_partkey and p_brand = 'Brand#23' and p_container in ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
			and l_quantity >= 10 and l_quantity <= 10 + 10 and p_size between 1 and 10
			and l_shipmode in ('AIR', 'AIR REG') and l_shipinstruct = 'DELIVER IN PERSON')
		|| (p_partkey = l_partkey and p_brand = 'Brand#34' and p_container in ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
			and l_quantity >= 20 and l_quantity <= 20 + 10 and p_size between 1 and 15
			and l_shipmode in ('AIR', 'AIR REG') and l_shipinstruct = 'DELIVER IN PERSON')`,

	`select s_name, s_address from supplier, nation
	where s_suppkey in (select ps_suppkey from partsupp
			where ps_partkey in (select p_partkey from part where p_name like 'forest%')
				and ps_availqty > (select 0.5 * sum(l_quantity) from lineitem
					where l_partkey = ps_partkey and l_suppkey = ps_suppkey
						and l_shipdate >= '1994-01-01' and l_shipdate < date_add('1994-01-01', interval 1 year)))
		and s_nationkey = n_nationkey and n_name = 'CANADA'
	order by s_name`,

	`select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation
	where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F'
		and l1.l_receiptdate > l1.l_commitdate
		and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
		and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey
			and l3.l_suppkey <> l1.l_suppkey and l3.l_receiptdate > l3.l_commitdate)
		and s_nationkey = n_nationkey and n_name = 'SAUDI ARABIA'
	group by s_name order by numwait desc, s_name limit 100`,

	`select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal
	from (select substring(c_phone, 1, 2) as cntrycode, c_acctbal from customer
		where left(c_phone, 2) in ('13', '31', '23', '29', '30', '18', '17')
			and c_acctbal > (select avg(c_acctbal) from customer
				where c_acctbal > 0.00 and substr(c_phone from 1 for 2) in ('13', '31', '23', '29', '30', '18', '17'))
			and not exists (select * from orders where o_custkey = c_custkey)) as custsale
	group by cntrycode order by cntrycode`,
}
