// Package graph emulates the part of Microsoft Graph v1.0 that concerns users
// and their open extensions: /users, /me, /users/{id} and /.../extensions.
//
// What differs from Graph: the directory is read-only but for extensions;
// reads lag behind, duplicates are answered with 409, and requests are throttled
// or lost only when [Behaviour] or a [Fault] says so; $expand=extensions works
// without $select, and on /users.
package graph
