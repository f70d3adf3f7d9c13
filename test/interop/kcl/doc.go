// Package kcl runs workers of AWS's Kinesis Client Library, 2.x and 3.x, and our own on one stream and one lease table, kills them, and
// looks at every record that they deliver and every write that they make.
//
//	Worker.java (2.x, 3.x) ─┐                      ┌─ Kinesis: kinesis-mock
//	our worker ─────────────┴─▶ witness (a proxy) ─▶ leases: DynamoDB Local
//	        │                        │
//	        └─ deliveries ─▶ journal ◀─ writes, with the row before and after ─▶ check
//
// Its tests carry the build tag interop and run with make interop, which needs Java 17 and Maven; the long ones with make soak.
package kcl
