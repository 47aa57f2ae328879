// Package entra emulates the parts of Microsoft Entra ID that a browser client, an API and a daemon need: discovery,
// signing keys, the authorize page, the token endpoint, device sign-in, consent, conditional access and sign-out, on the v2.0
// paths, and of v1 the token endpoint for applications. Beside it there are the endpoints of a managed identity, and a workload
// issuer whose tokens federate.
//
// It is an independent reading of the protocols and shares no code with the service that it is used to test.
package entra
