// Package graph emulates the part of Microsoft Graph, v1.0 and beta, that concerns users, their open extensions and
// their groups: /users, /users/$count, /me, /users/{id}, /.../extensions, /.../memberOf, /.../getMemberObjects and its
// like, and /$batch.
//
// What differs from Graph: the directory is read-only but for extensions (501); users have no manager and no photo;
// groups have a name made of their id and are all security groups; filters know and, or, not, eq, ne, in, startswith and
// endswith on the properties of a user; reads lag behind, duplicates are answered with 409, and requests are throttled
// or lost only when [Behaviour] or a [Fault] says so; $expand=extensions works without $select, and on /users.
package graph
