// Package torture runs replicas of the service on one store while users come,
// sign in from several places at once, delete their identity and come back, and
// while answers of ACS get lost and replicas and the database are killed. Then it
// checks what everybody was shown against what exists.
//
// What must hold, whatever happens:
//
//   - A user sees one identity from the first answer until a deletion is acknowledged.
//   - An identity is shown to one user only, and never again after its deletion.
//   - Each user is served in the end, and what is shown then exists at ACS.
//   - Each identity at ACS that no user has is in the journal: by its id (orphan), or one for each suspect.
//   - No identity that was ever shown is among those.
package torture
