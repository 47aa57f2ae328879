// Package acsidentity is a client of the Identity REST API of Azure
// Communication Services (ACS), in the idiom of the Azure SDK for Go.
//
// # Use
//
// Make one [Client] per resource and keep it:
//
//	cred, err := azidentity.NewDefaultAzureCredential(nil)
//	if err != nil {
//		return err
//	}
//	client, err := acsidentity.NewClient("https://contoso.communication.azure.com", cred, nil)
//	if err != nil {
//		return err
//	}
//	user, err := client.CreateIdentity(ctx, nil)
//	if err != nil {
//		return err
//	}
//	save(user.Identity) // there is no way to find it again
//	issued, err := client.IssueToken(ctx, user.Identity, []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP},
//		&acsidentity.IssueTokenOptions{ExpiresIn: time.Hour})
//	if err != nil {
//		return err
//	}
//	answer(issued.AccessToken.Token, issued.AccessToken.ExpiresOn)
//
// [NewClientWithKey] and [NewClientFromConnectionString] sign with an access key
// instead; [KeyCredential.Update] rotates it, and with both keys of the resource
// ([NewKeyPairCredential]) either can be regenerated while requests are under way. A token credential is asked for the
// scope https://communication.azure.com//.default, whose two slashes are right.
// Another cloud is named by the Audience of [ServiceName] in ClientOptions.Cloud.
//
// # Operations
//
//	method               sent                                           success  tries
//	CreateIdentity       POST   /identities                              201      1
//	IssueToken           POST   /identities/{id}/:issueAccessToken       200      3
//	RevokeTokens         POST   /identities/{id}/:revokeAccessTokens     204      3
//	DeleteIdentity       DELETE /identities/{id}                         204      3
//	ExchangeTeamsToken   POST   /teamsUser/:exchangeAccessToken          200      3
//
// Any other status is an error: another 2xx, and a redirect, which is not followed.
// CreateIdentity with neither scopes nor custom id sends the body {}.
//
// # Tries
//
// CreateIdentity is sent once, whatever the options or the context say, because
// it is not idempotent and a lost identity cannot be found. The one exception has
// no effect: a request that the service refused with 401 Denied, whose clock agrees with
// ours, is sent once more with the other key, if there are two. A transport of the
// caller's own must not repeat or redirect it either; an *http.Client is used
// without its redirects.
//
// The others are tried up to three times, on a network error and on the statuses
// 408, 429, 500, 502, 503 and 504, with a growing and jittered delay from 250 ms
// on, or the delay of Retry-After, retry-after-ms or x-ms-retry-after-ms. A delay
// over 5 seconds, or beyond the deadline of the context, is not waited for: the call
// returns at once with [Error.RetryAfter]. ClientOptions.Retry may ask for fewer
// tries, other delays and other statuses, not for more tries. One try lasts at most
// 5 seconds, CreateIdentity at most 30. Retry options put on a context with
// policy.WithRetryOptions replace all of this for one call, but not for CreateIdentity.
//
// # Errors
//
// A failed operation is an [*Error]. [Error.Sent] is false only if the request
// surely never left, so that even a create may be repeated.
//
// # Secrets
//
// No token, key, signature or body appears in an error text or in the log of the
// SDK. The log of the SDK and its traces, both off by default, do show URLs, and
// these hold identities. Answers are read up to 64 KiB.
package acsidentity
