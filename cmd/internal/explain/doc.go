// Package explain is the command that says why a token is accepted or refused.
// Both programs have it; they differ in where the settings are from.
//
// It never prints the token, nor a claim that names a person. It says more than
// the service does to a stranger, such as what is wrong with a token whose
// signature is wrong, too; so it is for the operator.
package explain
