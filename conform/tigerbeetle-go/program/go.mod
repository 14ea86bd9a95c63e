module gamut/conform/tigerbeetle

go 1.25.0

require github.com/tigerbeetle/tigerbeetle-go v0.17.9
