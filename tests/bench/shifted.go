package main

// An enlargement says how copies of a suite's data differ, so that joins of the
// whole stay as selective as those of one copy.
type enlargement struct {
	scale string // of the data that is copied
	// tables names, for each table that is copied, its key columns and the table
	// whose largest key they are shifted by, times the number of the copy; lettered
	// marks a textual key. A table that has no keys (nil) is shared by all copies.
	tables map[string]map[string]string
	// primary names the key column of the tables that others refer to.
	primary map[string]string
}

// lettered stands for a table where a key is text: the number of the copy is
// added to its first character, which is A in every row of the source.
const lettered = "(letter)"

// enlargements lists the suites that -scale x10 exists for.
var enlargements = map[string]*enlargement{"tpch": &tpch, "tpcds": &tpcds}

// tpch gives every copy keys of its own; nation and region are shared.
var tpch = enlargement{
	scale: "sf0.1",
	tables: map[string]map[string]string{
		"customer": {"c_custkey": "customer"},
		"lineitem": {"l_orderkey": "orders", "l_partkey": "part", "l_suppkey": "supplier"},
		"orders":   {"o_orderkey": "orders", "o_custkey": "customer"},
		"part":     {"p_partkey": "part"},
		"partsupp": {"ps_partkey": "part", "ps_suppkey": "supplier"},
		"supplier": {"s_suppkey": "supplier"},
		"nation":   nil,
		"region":   nil,
	},
	primary: map[string]string{
		"customer": "c_custkey", "orders": "o_orderkey", "part": "p_partkey", "supplier": "s_suppkey",
	},
}

// tpcds gives every copy customers, addresses, items, orders and tickets of its
// own, as the specification lets them grow with the facts. The dimensions that
// it keeps at one size, or makes grow slowly (stores, warehouses, pages), are
// shared: they keep their number of rows, and their keys mean the same in every
// copy.
var tpcds = enlargement{
	scale: "mini",
	tables: map[string]map[string]string{
		"catalog_returns": {"cr_item_sk": "item", "cr_order_number": "catalog_sales",
			"cr_refunded_customer_sk": "customer", "cr_refunded_addr_sk": "customer_address",
			"cr_returning_customer_sk": "customer", "cr_returning_addr_sk": "customer_address"},
		"catalog_sales": {"cs_item_sk": "item", "cs_order_number": "catalog_sales",
			"cs_bill_customer_sk": "customer", "cs_bill_addr_sk": "customer_address",
			"cs_ship_customer_sk": "customer", "cs_ship_addr_sk": "customer_address"},
		"customer":         {"c_customer_sk": "customer", "c_customer_id": lettered, "c_current_addr_sk": "customer_address"},
		"customer_address": {"ca_address_sk": "customer_address", "ca_address_id": lettered},
		"inventory":        {"inv_item_sk": "item"},
		"item":             {"i_item_sk": "item", "i_item_id": lettered},
		"store_returns": {"sr_item_sk": "item", "sr_ticket_number": "store_sales",
			"sr_customer_sk": "customer", "sr_addr_sk": "customer_address"},
		"store_sales": {"ss_item_sk": "item", "ss_ticket_number": "store_sales",
			"ss_customer_sk": "customer", "ss_addr_sk": "customer_address"},
		"web_returns": {"wr_item_sk": "item", "wr_order_number": "web_sales",
			"wr_refunded_customer_sk": "customer", "wr_refunded_addr_sk": "customer_address",
			"wr_returning_customer_sk": "customer", "wr_returning_addr_sk": "customer_address"},
		"web_sales": {"ws_item_sk": "item", "ws_order_number": "web_sales",
			"ws_bill_customer_sk": "customer", "ws_bill_addr_sk": "customer_address",
			"ws_ship_customer_sk": "customer", "ws_ship_addr_sk": "customer_address"},
		"call_center":            nil,
		"catalog_page":           nil,
		"customer_demographics":  nil,
		"date_dim":               nil,
		"household_demographics": nil,
		"income_band":            nil,
		"promotion":              nil,
		"reason":                 nil,
		"ship_mode":              nil,
		"store":                  nil,
		"time_dim":               nil,
		"warehouse":              nil,
		"web_page":               nil,
		"web_site":               nil,
	},
	primary: map[string]string{
		"catalog_sales": "cs_order_number", "customer": "c_customer_sk", "customer_address": "ca_address_sk",
		"item": "i_item_sk", "store_sales": "ss_ticket_number", "web_sales": "ws_order_number",
	},
}
