module gamut/conform/moov-iso20022

go 1.25.0

require github.com/moov-io/iso20022 v0.2.1
