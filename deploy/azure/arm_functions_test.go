package azure

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
)

// functions are those of ARM that need nothing but their arguments. One that is neither here nor in whereabouts is an error.
var functions = map[string]func(args []any) any{
	"and": func(a []any) any { return a[0].(bool) && a[1].(bool) },
	"concat": func(a []any) any {
		if _, ok := a[0].(string); ok {
			return join(a)
		}
		return concatenated(a)
	},
	"createArray":         func(a []any) any { return append([]any{}, a...) },
	"createObject":        createObject,
	"empty":               func(a []any) any { return a[0] == nil || reflect.ValueOf(a[0]).Len() == 0 },
	"equals":              func(a []any) any { return reflect.DeepEqual(a[0], a[1]) },
	"extensionResourceId": func(a []any) any { return a[0].(string) + "/providers/" + path(a[1:]) },
	"false":               func([]any) any { return false },
	"format":              format,
	"greaterOrEquals":     func(a []any) any { return a[0].(int) >= a[1].(int) },
	"guid":                func(a []any) any { return guidOf(join(a)) },
	"json":                func(a []any) any { var v any; must(json.Unmarshal([]byte(a[0].(string)), &v)); return v },
	"last":                func(a []any) any { l := a[0].([]any); return l[len(l)-1] },
	"max":                 func(a []any) any { return max(a[0].(int), a[1].(int)) },
	"not":                 func(a []any) any { return !a[0].(bool) },
	"null":                func([]any) any { return nil },
	"or":                  func(a []any) any { return a[0].(bool) || a[1].(bool) },
	"replace":             func(a []any) any { return strings.ReplaceAll(a[0].(string), a[1].(string), a[2].(string)) },
	"split":               split,
	"string":              func(a []any) any { return fmt.Sprint(a[0]) },
	"take":                func(a []any) any { s := a[0].(string); return s[:min(len(s), a[1].(int))] },
	"toLower":             func(a []any) any { return strings.ToLower(a[0].(string)) },
	"true":                func([]any) any { return true },
	"uniqueString":        func(a []any) any { return uniqueString(join(a)) },
	"union":               union,
}

// whereabouts are the functions that know where the template is deployed, and if, which does not look at its other side.
var whereabouts = [...]string{"if", "environment", "reference", "resourceGroup", "resourceId", "subscription", "subscriptionResourceId", "tenant"}

func must(err error) {
	if err != nil {
		panic(fault{err})
	}
}

func join(a []any) string {
	var b strings.Builder
	for _, s := range a {
		b.WriteString(s.(string))
	}
	return b.String()
}

func concatenated(a []any) any {
	out := []any{}
	for _, l := range a {
		out = append(out, l.([]any)...)
	}
	return out
}

func createObject(a []any) any {
	out := map[string]any{}
	for i := 0; i < len(a); i += 2 {
		out[a[i].(string)] = a[i+1]
	}
	return out
}

func union(a []any) any {
	out := map[string]any{}
	for _, o := range a {
		maps.Copy(out, o.(map[string]any))
	}
	return out
}

func split(a []any) any {
	out := []any{}
	for _, s := range strings.Split(a[0].(string), a[1].(string)) {
		out = append(out, s)
	}
	return out
}

func format(a []any) any {
	text := strings.NewReplacer("{{", "\x00", "}}", "\x01").Replace(a[0].(string))
	for i, v := range a[1:] {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", fmt.Sprint(v))
	}
	return strings.NewReplacer("\x00", "{", "\x01", "}").Replace(text)
}

// path is type and names of a resource, as in its id: A/b/c and x, y give A/b/x/c/y.
func path(a []any) string {
	kinds := strings.Split(a[0].(string), "/")
	if len(kinds)-1 != len(a)-1 {
		panic(fault{fmt.Errorf("%s with %d names", a[0], len(a)-1)})
	}
	out := kinds[0]
	for i, name := range a[1:] {
		out += "/" + kinds[i+1] + "/" + name.(string)
	}
	return out
}

// guidOf is not Azure's own, and as stable.
func guidOf(s string) string {
	h := sha256.Sum256([]byte(s))
	x := hex.EncodeToString(h[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// uniqueString is not Azure's own, but as long and of the same letters.
func uniqueString(s string) string {
	h := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(h[:]))[:13]
}
