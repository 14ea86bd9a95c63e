module gamut/conform/moov-iso8583

go 1.25.0

require github.com/moov-io/iso8583 v0.22.0

require (
	github.com/yerden/go-util v1.1.4 // indirect
	golang.org/x/text v0.16.0 // indirect
)
