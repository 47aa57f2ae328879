// Package policy says which callers get which operations, ACS scopes and token
// lifetimes. A policy is a JSON file (api/policy.schema.json, docs/policy.md).
//
// Rules are read from top to bottom, and the first rule whose conditions all
// hold decides alone: what it does not allow is refused, and no later rule is
// asked. If no rule fits, the default of the file decides; without one the
// answer is no. So a rule can be understood from itself and the rules above it,
// and taking a permission out of a rule never gives anybody anything.
//
// Programs without a user are never given anything here.
package policy
