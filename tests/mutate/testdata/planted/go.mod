// A module whose tests miss a few things on purpose; see mutate_test.go.
module planted

go 1.26.5
