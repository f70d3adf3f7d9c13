module trunkline

go 1.26.0
