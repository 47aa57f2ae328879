package entra

// remedy is what a person can do about an obstacle.
type remedy int

const (
	noRemedy  remedy = iota
	stepUp           // answer the challenge while signing in
	signAgain        // sign in anew
	consent          // consent again
)

// obstacleKind is how Entra words an obstacle. The class of an error is the token endpoint's.
type obstacleKind struct {
	suberror string
	claims   bool
	remedy   remedy
	text     string
}

const becauseOfChange = "Due to a configuration change made by your administrator, or because you moved to a new location, "

var obstacleKinds = map[int]obstacleKind{
	50057: {"", false, noRemedy, "The user account is disabled."},
	50072: {"basic_action", true, stepUp, becauseOfChange + "you must enroll in multi-factor authentication to access the resource."},
	50074: {"basic_action", true, stepUp, "Strong Authentication is required."},
	50076: {"basic_action", true, stepUp, becauseOfChange + "you must use multi-factor authentication to access the resource."},
	50078: {"basic_action", true, stepUp, "Presented multi-factor authentication has expired due to policies configured by your " +
		"administrator, you must refresh your multi-factor authentication to access the resource."},
	50079: {"basic_action", true, stepUp, becauseOfChange + "you must enroll in multi-factor authentication to access the resource."},
	50105: {"", false, noRemedy, "Your administrator has configured the application {name} ('{id}') to block users unless they are specifically " +
		"granted ('assigned') access to the application."},
	50158: {"basic_action", true, stepUp, "External security challenge not satisfied. User will be redirected to another page or " +
		"authentication provider to satisfy additional authentication challenges."},
	50173: {"bad_token", false, signAgain, revokedText},
	50196: {"", false, noRemedy, "The server terminated an operation because it encountered a client request loop. Please contact your app vendor."},
	53000: {"message_only", true, noRemedy, "Device is not in required device state: compliant. Conditional Access policy requires a " +
		"compliant device, and the device is not compliant."},
	53003: {"message_only", true, noRemedy, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	65001: {"consent_required", false, consent, "The user or administrator has not consented to use the application with ID '{id}' " +
		"named '{name}'. Send an interactive authorization request for this user and resource."},
	65004: {"", false, noRemedy, "User declined to consent to access the app."},
	70043: {"bad_token", false, signAgain, "The refresh token has expired or is invalid due to sign-in frequency checks by " +
		"conditional access."},
	90033: {"", false, noRemedy, "A transient error has occurred. Please try again."},
	90094: {"", false, noRemedy, "An administrator has to consent to the permissions that the application asks for."},
	90095: {"", false, noRemedy, "An administrator has to consent; the user can send a request to an administrator."},
}
