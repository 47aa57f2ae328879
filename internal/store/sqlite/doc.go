// Package sqlite keeps mappings in one SQLite file. It is the store for one
// process on one machine, and needs no set-up.
//
// Durability: write-ahead log with synchronous=FULL, so a write that returned nil
// has been flushed to disk. Writes of many callers share a flush: one goroutine owns the
// one writing connection and commits up to 256 writes in one transaction. A
// caller is answered after the COMMIT, never before. Reads have their own
// connections; each sees every commit that returned before the read began.
//
// One process: Open takes a lock on <path>.lock for as long as the store is open.
// Whoever held a lease or a named lock before is therefore dead, so Open ends all of them.
//
// Time: the clock of the store is the clock of the process. Leases, locks and
// journal lines hold absolute Unix milliseconds, so they survive a restart. A clock that
// jumps makes leases shorter or longer, which costs work and breaks nothing.
//
// Versions: schema N is opened by the program that knows it, which also brings a file of schema N-1 to N when it
// opens it, in one transaction; a program never opens a newer schema, so there is no way back but a backup. So far N is 1.
//
// The file and its companions (-wal, -shm, .lock) are readable by their owner only.
// Back the file up with "VACUUM INTO" or the .backup command of the sqlite3
// shell; a copy of the file alone may lack what is still in the -wal file.
package sqlite
