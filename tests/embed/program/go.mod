module example.org/embed

go 1.26.2

require github.com/gannetdb/gannet v0.0.0

replace github.com/gannetdb/gannet => ../../..
