package graph

// operation is one call of the API.
type operation struct {
	name    string
	method  string
	kind    resource
	right   right
	options []string // system query options it takes, without the $
	do      func(*Service, *call) (reply, *refusal)
}

// resource is what a path names.
type resource int

const (
	oneUser resource = iota + 1
	allExtensions
	oneExtension
	allUsers
	countUsers
	memberships
	countMemberships
	memberAction
	checkAction
	photo
	manager
	reports
	batch
)

// Query options by what they are for.
var (
	shapeOptions = []string{"select", "expand"}
	listOptions  = []string{"select", "expand", "top", "skiptoken", "filter", "orderby", "search", "count"}
	groupOptions = []string{"select", "top", "skiptoken", "count"}
	countOptions = []string{"filter", "search"}
)

// operations are the calls of the API.
var operations = []operation{
	{name: "users", method: "GET", kind: allUsers, right: readUsers, options: listOptions, do: (*Service).listUsers},
	{name: "count", method: "GET", kind: countUsers, right: readUsers, options: countOptions, do: (*Service).countUsers},
	{name: "user", method: "GET", kind: oneUser, right: readUsers, options: shapeOptions, do: (*Service).getUser},
	{name: "list", method: "GET", kind: allExtensions, right: readExtensions, options: shapeOptions, do: (*Service).listExtensions},
	{name: "add", method: "POST", kind: allExtensions, right: writeExtensions, do: (*Service).addExtension},
	{name: "get", method: "GET", kind: oneExtension, right: readExtensions, options: shapeOptions, do: (*Service).getExtension},
	{name: "update", method: "PATCH", kind: oneExtension, right: writeExtensions, do: (*Service).updateExtension},
	{name: "remove", method: "DELETE", kind: oneExtension, right: writeExtensions, do: (*Service).removeExtension},
	{name: "memberOf", method: "GET", kind: memberships, right: readMemberships, options: groupOptions, do: (*Service).listMemberships},
	{name: "memberOfCount", method: "GET", kind: countMemberships, right: readMemberships, do: (*Service).countMemberships},
	{name: "memberObjects", method: "POST", kind: memberAction, right: readMemberships, do: (*Service).memberObjects},
	{name: "checkMembers", method: "POST", kind: checkAction, right: readMemberships, do: (*Service).checkMembers},
	{name: "photo", method: "GET", kind: photo, right: readUsers, do: (*Service).getPhoto},
	{name: "manager", method: "GET", kind: manager, right: readUsers, options: shapeOptions, do: (*Service).getManager},
	{name: "reports", method: "GET", kind: reports, right: readUsers, options: groupOptions, do: (*Service).listReports},
	{name: "batch", method: "POST", kind: batch, right: anyRight},
	{name: "readOnly", method: "POST", kind: allUsers, right: writeUsers, do: (*Service).readOnly},
	{name: "readOnly", method: "PATCH", kind: oneUser, right: writeUsers, do: (*Service).readOnly},
	{name: "readOnly", method: "DELETE", kind: oneUser, right: writeUsers, do: (*Service).readOnly},
}

// Operations returns the names of all operations.
func Operations() []string {
	var names []string
	for _, op := range operations {
		if op.name != "readOnly" {
			names = append(names, op.name)
		}
	}
	return names
}

// relations are what may follow a user in a path, in lower case.
var relations = map[string]resource{
	"extensions": allExtensions,
	"memberof":   memberships, "transitivememberof": memberships,
	"getmemberobjects": memberAction, "getmembergroups": memberAction,
	"checkmemberobjects": checkAction, "checkmembergroups": checkAction,
	"photo": photo, "manager": manager, "directreports": reports,
}
