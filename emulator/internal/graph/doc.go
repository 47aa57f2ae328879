// Package graph emulates the part of Microsoft Graph v1.0 that concerns users
// and their open extensions: /me, /users/{id} and /.../extensions.
//
// What differs from Graph: the directory is read-only but for extensions,
// reads never lag behind writes, nothing is throttled, and $expand=extensions
// works without $select.
package graph
