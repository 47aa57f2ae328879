// Package failpoint makes a test build of the service kill itself, as kill -9
// would, at a named point of the identity protocol. Without the build tag
// failpoints, and so in every normal build, its functions do nothing.
//
// With the tag, the environment variable FAILPOINT names the point, and after a
// colon at which passage the process dies: FAILPOINT=F3:2. A value that is not
// understood ends the process with exit code 2. The points are:
//
//	F1  before an intent is written
//	F2  an intent is sent to the store, and not known to be written
//	F3  an intent is written
//	F4  a create is sent to ACS
//	F5  ACS has begun to answer a create
//	F6  the answer to a create is read
//	F7  a commit is sent to the store, and not known to be written
//	F8  a commit is written
//	F9  an orphan is in the journal
//	F10 a row is marked for deletion
//	F11 a deletion is sent to ACS
//	F12 ACS has answered a deletion
//	F13 the row of a deleted identity is gone
//	F14 the sweeper, which holds its lock, is about to call the store
package failpoint
