package azure

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A cloud is the pretended Azure that templates are deployed to.
type cloud struct {
	resources map[string]resource // by id
	there     map[string]resource // what was there before
}

// A resource is what came of one entry of a template.
type resource struct {
	id, kind, version, name string
	body                    map[string]any // evaluated
	outputs                 map[string]any // of a deployment
}

const (
	subscriptionID = "5b1f4e77-6d8c-4a43-9d0c-1f2e3d4c5b6a"
	tenantID       = "7c3a9c1e-2f6b-4f0e-9a57-0d8e5b4c3a21"
)

// inDirectory is the kind of what is in Entra ID and not in Azure.
const inDirectory = "Microsoft.Graph"

// A deployment evaluates one template.
type deployment struct {
	*cloud
	subscription, group string
	name                string
	parameters          map[string]any
	variables           map[string]any
	ready               map[string]bool // ids that the resource at work may refer to
}

// evaluate resolves every expression in v.
func (d *deployment) evaluate(v any) any {
	switch v := v.(type) {
	case string:
		return d.text(v)
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, d.evaluate(e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[d.text(k).(string)] = d.evaluate(e)
		}
		return out
	case float64:
		if v == math.Trunc(v) {
			return int(v)
		}
	}
	return v
}

func (d *deployment) text(s string) any {
	switch {
	case strings.HasPrefix(s, "[["):
		return s[1:]
	case !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]"):
		return s
	}
	x, err := parseExpression(s[1 : len(s)-1])
	must(err)
	return d.value(x)
}

func (d *deployment) value(x expression) any {
	switch x.op {
	case "string":
		return x.text
	case "int":
		n, err := strconv.Atoi(x.text)
		must(err)
		return n
	case "member":
		return member1(d.value(x.args[0]), x.text)
	case "element":
		return d.element(d.value(x.args[0]), d.value(x.args[1]))
	}
	if x.text == "if" { // the other side is not evaluated
		if d.value(x.args[0]).(bool) {
			return d.value(x.args[1])
		}
		return d.value(x.args[2])
	}
	var args []any
	for _, a := range x.args {
		args = append(args, d.value(a))
	}
	return d.call(x.text, args)
}

func member1(of any, name string) any {
	v, ok := of.(map[string]any)[name]
	if !ok {
		panic(fault{fmt.Errorf("no member %s in %v", name, of)})
	}
	return v
}

func (d *deployment) element(of, at any) any {
	if name, ok := at.(string); ok {
		return member1(of, name)
	}
	list := of.([]any)
	if at.(int) >= len(list) {
		panic(fault{fmt.Errorf("no element %d in %v", at, of)})
	}
	return list[at.(int)]
}

// call calls a function: one that knows where it is deployed, or one that does not.
func (d *deployment) call(name string, args []any) any {
	group := "/subscriptions/" + d.subscription + "/resourceGroups/" + d.group
	switch name {
	case "parameters":
		return member1(d.parameters, args[0].(string))
	case "variables":
		return d.evaluate(member1(d.variables, args[0].(string)))
	case "resourceGroup":
		return map[string]any{"id": group, "name": d.group, "location": "westeurope"}
	case "subscription":
		return map[string]any{"id": "/subscriptions/" + d.subscription, "subscriptionId": d.subscription}
	case "tenant":
		return map[string]any{"tenantId": tenantID}
	case "environment":
		return map[string]any{"authentication": map[string]any{"loginEndpoint": "https://login.microsoftonline.com/"}}
	case "resourceId":
		return group + "/providers/" + path(args)
	case "subscriptionResourceId":
		return "/subscriptions/" + d.subscription + "/providers/" + path(args)
	case "reference":
		return d.reference(args[0].(string), args[1].(string))
	}
	f := functions[name]
	if f == nil {
		panic(fault{fmt.Errorf("the function %s is not known", name)})
	}
	return f(args)
}

// reference gives what a resource says at run time. It has to be there by then, or before.
func (d *deployment) reference(id, version string) any {
	r, ok := d.there[id]
	if !ok {
		r, ok = d.resources[id]
		if !ok || !d.ready[id] && d.isOwn(id) {
			panic(fault{fmt.Errorf("%s is referred to before it is there, or although it is not made", id)})
		}
	}
	if r.version != version && d.isOwn(id) {
		panic(fault{fmt.Errorf("%s is of version %s and referred to as of %s", id, r.version, version)})
	}
	if r.kind == inDirectory {
		return r.body
	}
	if r.outputs != nil {
		return map[string]any{"outputs": r.outputs}
	}
	says := atRunTime[r.kind]
	if says == nil {
		panic(fault{fmt.Errorf("what a %s says is not known", r.kind)})
	}
	return says(r)
}

// isOwn tells whether this template makes the resource, and no other one before it.
func (d *deployment) isOwn(id string) bool { _, own := d.ready[id]; return own }

// atRunTime is what resources say of themselves, as the documentation of Azure shows it.
var atRunTime = map[string]func(resource) any{
	"Microsoft.ManagedIdentity/userAssignedIdentities": func(r resource) any {
		return map[string]any{"principalId": guidOf("principal " + r.id), "clientId": guidOf("client " + r.id), "tenantId": tenantID}
	},
	"Microsoft.Insights/components": func(resource) any {
		return map[string]any{"ConnectionString": "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://westeurope.in.applicationinsights.azure.com/"}
	},
	"Microsoft.App/managedEnvironments": func(resource) any {
		return map[string]any{"defaultDomain": "happyhill-70162bb9.westeurope.azurecontainerapps.io"}
	},
	"Microsoft.Communication/communicationServices": func(r resource) any {
		return map[string]any{"hostName": r.name + ".europe.communication.azure.com", "immutableResourceId": guidOf("immutable " + r.id)}
	},
	"Microsoft.ContainerRegistry/registries": func(r resource) any {
		return map[string]any{"loginServer": r.name + ".azurecr.io"}
	},
	"Microsoft.Storage/storageAccounts": func(r resource) any {
		return map[string]any{"primaryEndpoints": map[string]any{"table": "https://" + r.name + ".table.core.windows.net/"}}
	},
	"Microsoft.DocumentDB/databaseAccounts": func(r resource) any {
		return map[string]any{"documentEndpoint": "https://" + r.name + ".documents.azure.com:443/"}
	},
	"Microsoft.DBforPostgreSQL/flexibleServers": func(r resource) any {
		return map[string]any{"fullyQualifiedDomainName": r.name + ".postgres.database.azure.com"}
	},
}

// deploy evaluates a template with these parameters. It stops at the first thing that Azure would refuse, as far as that is known here.
func (c *cloud) deploy(subscription, group, name string, template, given map[string]any) (outputs map[string]any, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}()
	defer caught(&err)
	d := &deployment{cloud: c, subscription: subscription, group: group, name: name, ready: map[string]bool{}}
	d.variables, _ = template["variables"].(map[string]any)
	d.take(template["parameters"].(map[string]any), given)
	d.run(template["resources"].([]any))
	outputs = map[string]any{}
	for id := range d.ready {
		d.ready[id] = true // by now all are there
	}
	for k, o := range template["outputs"].(map[string]any) {
		o := o.(map[string]any)
		v := d.evaluate(o["value"])
		if !ofType(v, o["type"].(string)) {
			return nil, fmt.Errorf("the output %s is %v, and no %s", k, v, o["type"])
		}
		outputs[k] = map[string]any{"type": o["type"], "value": v}
	}
	return outputs, nil
}

// run makes the resources, each after those that it depends on.
func (d *deployment) run(entries []any) {
	type entry struct {
		body map[string]any
		id   string
		deps []any
	}
	var waiting []entry
	for _, e := range entries {
		body := e.(map[string]any)
		deps, _ := body["dependsOn"].([]any)
		waiting = append(waiting, entry{body, d.idOf(body), d.evaluate(deps).([]any)})
		if _, twice := d.ready[waiting[len(waiting)-1].id]; twice {
			panic(fault{fmt.Errorf("%s twice", waiting[len(waiting)-1].id)})
		}
		d.ready[waiting[len(waiting)-1].id] = false
	}
	done := map[string]map[string]bool{} // by id: what is there for certain when it is
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(e entry) bool {
			return !slices.ContainsFunc(e.deps, func(id any) bool { return done[id.(string)] == nil })
		})
		if i < 0 {
			panic(fault{fmt.Errorf("%s depends on itself, or on what is not in the template", waiting[0].id)})
		}
		e := waiting[i]
		waiting = slices.Delete(waiting, i, i+1)
		before := map[string]bool{}
		for _, id := range e.deps {
			before[id.(string)] = true
			for k := range done[id.(string)] {
				before[k] = true
			}
		}
		for id := range d.ready {
			d.ready[id] = before[id]
		}
		done[e.id] = before
		d.make(e.id, e.body)
	}
}

func (d *deployment) idOf(body map[string]any) string {
	kind, name := body["type"].(string), d.evaluate(body["name"]).(string)
	args := []any{any(kind)}
	for _, part := range strings.Split(name, "/") {
		args = append(args, part)
	}
	group := "/subscriptions/" + d.subscription + "/resourceGroups/" + d.group
	if s, ok := body["scope"]; ok {
		group = d.evaluate(s).(string)
	}
	if s, ok := body["subscriptionId"]; ok {
		group = "/subscriptions/" + d.evaluate(s).(string) + "/resourceGroups/" + d.evaluate(body["resourceGroup"]).(string)
	}
	return group + "/providers/" + path(args)
}

// make makes one resource, unless its condition says no.
func (d *deployment) make(id string, body map[string]any) {
	if c, ok := body["condition"]; ok && !d.evaluate(c).(bool) {
		return
	}
	r := resource{id: id, kind: body["type"].(string), version: body["apiVersion"].(string), name: d.evaluate(body["name"]).(string)}
	if r.kind == deployments {
		r.outputs = d.inner(r.name, body)
	} else {
		plainBody := map[string]any{}
		for k, v := range body {
			plainBody[k] = d.evaluate(v)
		}
		r.body = plainBody
	}
	if _, twice := d.resources[id]; twice {
		panic(fault{fmt.Errorf("%s is made twice", id)})
	}
	d.resources[id] = r
}

// inner is a deployment inside this one.
func (d *deployment) inner(name string, body map[string]any) map[string]any {
	subscription, group := d.subscription, d.group
	if s, ok := body["subscriptionId"]; ok {
		subscription, group = d.evaluate(s).(string), d.evaluate(body["resourceGroup"]).(string)
	}
	p := body["properties"].(map[string]any)
	given := map[string]any{}
	for k, v := range p["parameters"].(map[string]any) {
		given[k] = d.evaluate(v.(map[string]any)["value"])
	}
	outputs, err := d.deploy(subscription, group, name, p["template"].(map[string]any), given)
	must(err)
	return outputs
}

// take checks the parameters and fills in the defaults.
func (d *deployment) take(declared, given map[string]any) {
	d.parameters = map[string]any{}
	for k := range given {
		if declared[k] == nil {
			panic(fault{fmt.Errorf("there is no parameter %s", k)})
		}
	}
	for k, v := range declared {
		p := v.(map[string]any)
		value, ok := given[k]
		if !ok {
			if value, ok = p["defaultValue"]; !ok {
				panic(fault{fmt.Errorf("the parameter %s is missing", k)})
			}
			value = d.evaluate(value)
		}
		if why := refusal(value, p); why != "" {
			panic(fault{fmt.Errorf("the parameter %s is %v: %s", k, value, why)})
		}
		d.parameters[k] = value
	}
}

// refusal says why Azure would not take the value of a parameter.
func refusal(v any, p map[string]any) string {
	if !ofType(v, p["type"].(string)) {
		return fmt.Sprintf("no %s", p["type"])
	}
	if allowed, ok := p["allowedValues"].([]any); ok && !slices.Contains(allowed, v) {
		return "not one of those allowed"
	}
	size := 0
	switch v := v.(type) {
	case string:
		size = len(v)
	case int:
		size = v
	}
	for _, least := range []string{"minLength", "minValue"} {
		if n, ok := p[least].(float64); ok && size < int(n) {
			return "too little"
		}
	}
	for _, most := range []string{"maxLength", "maxValue"} {
		if n, ok := p[most].(float64); ok && size > int(n) {
			return "too much"
		}
	}
	return ""
}

func ofType(v any, kind string) (ok bool) {
	switch kind {
	case "string":
		_, ok = v.(string)
	case "int":
		_, ok = v.(int)
	case "bool":
		_, ok = v.(bool)
	case "array":
		_, ok = v.([]any)
	case "object":
		_, ok = v.(map[string]any)
	}
	return ok
}

// asMap makes JSON that is read of what was compiled.
func asMap(template object) (out map[string]any, err error) {
	text, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(text, &out)
}
