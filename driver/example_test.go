package gannet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	gannet "github.com/gannetdb/gannet/driver"
)

func Example() {
	db, err := sql.Open("gannet", "")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT i % 3 AS class, count(*) AS members FROM range(10) t(i) GROUP BY class ORDER BY class")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var class, members int
		if err := rows.Scan(&class, &members); err != nil {
			log.Fatal(err)
		}
		fmt.Println(class, members)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 0 4
	// 1 3
	// 2 3
}

// Files are tables: by their path, by a pattern, or a whole directory.
func Example_files() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{"2023.csv": "city,rain\nBergen,2495\n", "2024.csv": "city,rain\nBergen,2110\nOslo,802\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	db, err := sql.Open("gannet", "")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var total int
	if err := db.QueryRow("SELECT sum(rain) FROM '"+dir+"/*.csv' WHERE city = ?", "Bergen").Scan(&total); err != nil {
		log.Fatal(err)
	}
	fmt.Println(total)
	// Output: 4605
}

// Parameters stand by position or by name.
func Example_parameters() {
	db, err := sql.Open("gannet", "")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var s string
	if err := db.QueryRow("SELECT upper($word) || '!'", sql.Named("word", "hello")).Scan(&s); err != nil {
		log.Fatal(err)
	}
	fmt.Println(s)
	// Output: HELLO!
}

// Errors carry an SQLSTATE code and the place in the statement.
func ExampleError() {
	db, err := sql.Open("gannet", "")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec("SELECT price FROM range(3) t(prize)")
	var e *gannet.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, e.Pos, e.Message)
	}
	// Output: 42703 7 column "price" does not exist
}

// Settings may be given without a data source name.
func ExampleNewConnector() {
	db := sql.OpenDB(gannet.NewConnector(gannet.Config{
		Settings: []gannet.Setting{{Name: "memory_limit", Value: "1GiB"}, {Name: "threads", Value: "2"}},
	}))
	defer db.Close()
	var limit string
	if err := db.QueryRowContext(context.Background(), "SHOW memory_limit").Scan(&limit); err != nil {
		log.Fatal(err)
	}
	fmt.Println(limit)
	// Output: 1.0 GiB
}
