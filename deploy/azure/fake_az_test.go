package azure

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestMain is az or azd if the test program is called so.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "az":
		os.Exit(pretend(os.Args[1:]))
	case "azd":
		os.Exit(note("azd " + strings.Join(os.Args[1:], " ")))
	}
	os.Exit(m.Run())
}

// A directory is the pretended Entra ID, kept in a file between calls of az.
type directory struct {
	Tenant       string
	Applications []map[string]any
	Credentials  map[string][]any // federated, by unique name
	Principals   []any            // service principals
	Writes       []write
	Notes        []string
}

// A write is one call that changed something.
type write struct {
	Method, URL, Prefer string
	Body                map[string]any
}

func stateFile() string { return os.Getenv("FAKE_DIRECTORY") }

func readDirectory() (d directory, err error) {
	text, err := os.ReadFile(stateFile())
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(text, &d)
}

func (d directory) save() error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(stateFile(), text, 0o600)
}

func note(line string) int {
	d, err := readDirectory()
	if err == nil {
		d.Notes = append(d.Notes, line)
		err = d.save()
	}
	return exit(err)
}

func exit(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// pretend is az: the few commands of register-app.sh, and nothing else.
func pretend(args []string) int {
	d, err := readDirectory()
	if err != nil {
		return exit(err)
	}
	line := strings.Join(args, " ")
	switch {
	case line == "account show --query tenantId --output tsv":
		fmt.Println(d.Tenant)
	case strings.HasPrefix(line, "ad sp create --id "):
		d.Principals = append(d.Principals, map[string]any{"id": guidOf("sp " + args[4]), "appId": args[4]})
		d.Writes = append(d.Writes, write{Method: "create", URL: "sp/" + args[4]})
	case strings.HasPrefix(line, "ad app permission admin-consent --id "):
		d.Notes = append(d.Notes, line)
	case args[0] == "rest":
		err = d.rest(args[1:])
	default:
		err = fmt.Errorf("az %s is not known", line)
	}
	if err == nil {
		err = d.save()
	}
	return exit(err)
}

// rest is az rest.
func (d *directory) rest(args []string) error {
	options := map[string][]string{}
	for i := 0; i < len(args); {
		name := args[i]
		for i++; i < len(args) && !strings.HasPrefix(args[i], "--"); i++ {
			options[name] = append(options[name], args[i])
		}
	}
	path, ok := strings.CutPrefix(options["--url"][0], "https://graph.microsoft.com/v1.0/")
	if !ok {
		return fmt.Errorf("the URL %s", options["--url"][0])
	}
	if options["--method"][0] == "GET" {
		return d.get(path, options["--query"][0])
	}
	w := write{Method: options["--method"][0], URL: path}
	for _, h := range options["--headers"] {
		if value, ok := strings.CutPrefix(h, "Prefer="); ok {
			w.Prefer = value
		}
	}
	if !slices.Contains(options["--headers"], "Content-Type=application/json") {
		return fmt.Errorf("no content type")
	}
	if err := json.Unmarshal([]byte(options["--body"][0]), &w.Body); err != nil {
		return fmt.Errorf("the body %s: %w", options["--body"][0], err)
	}
	d.Writes = append(d.Writes, w)
	return d.write(w)
}

var (
	oneApplication = regexp.MustCompile(`^applications\(uniqueName='([^']+)'\)(/federatedIdentityCredentials)?$`)
	onePrincipal   = regexp.MustCompile(`^servicePrincipals\?\$filter=appId%20eq%20'([^']+)'&\$select=id$`)
)

// find is the application with this name, or nil.
func (d *directory) find(name string) map[string]any {
	for _, a := range d.Applications {
		if a["uniqueName"] == name {
			return a
		}
	}
	return nil
}

func (d *directory) get(path, query string) error {
	var v any
	if m := onePrincipal.FindStringSubmatch(path); m != nil {
		found := []any{}
		for _, p := range d.Principals {
			if p.(map[string]any)["appId"] == m[1] {
				found = append(found, p)
			}
		}
		v = map[string]any{"value": found}
	} else if m := oneApplication.FindStringSubmatch(path); m != nil {
		a := d.find(m[1])
		if a == nil {
			return fmt.Errorf("ERROR: Not Found(Resource '%s' does not exist)", m[1])
		}
		if v = a; m[2] != "" {
			v = map[string]any{"value": append([]any{}, d.Credentials[m[1]]...)}
		}
	} else {
		return fmt.Errorf("the path %s", path)
	}
	found, err := jmes(v, query)
	if err != nil {
		return err
	}
	printTSV(found)
	return nil
}

func printTSV(v any) {
	switch v := v.(type) {
	case nil:
	case []any:
		for _, e := range v {
			printTSV(e)
		}
	default:
		fmt.Println(v)
	}
}

func (d *directory) write(w write) error {
	m := oneApplication.FindStringSubmatch(w.URL)
	if m == nil {
		return fmt.Errorf("the path %s", w.URL)
	}
	a := d.find(m[1])
	switch {
	case m[2] != "" && w.Method == "POST" && a != nil:
		w.Body["id"] = guidOf(fmt.Sprint(w.Body))
		if d.Credentials == nil {
			d.Credentials = map[string][]any{}
		}
		d.Credentials[m[1]] = append(d.Credentials[m[1]], w.Body)
		return nil
	case w.Method != "PATCH" || m[2] != "":
		return fmt.Errorf("%s %s", w.Method, w.URL)
	case a == nil && w.Prefer != "create-if-missing":
		return fmt.Errorf("ERROR: Not Found")
	case a == nil:
		a = map[string]any{"uniqueName": m[1], "appId": guidOf("app " + m[1]), "identifierUris": []any{}, "appRoles": []any{}, "api": map[string]any{}, "spa": map[string]any{"redirectUris": []any{}}}
		d.Applications = append(d.Applications, a)
	}
	return merge(a, w.Body)
}

// merge is PATCH: members of api are replaced one by one, all others as a whole, as Graph does.
func merge(into, body map[string]any) error {
	for k, v := range body {
		inner, ok := v.(map[string]any)
		of, both := into[k].(map[string]any)
		if !ok || !both {
			into[k] = v
			continue
		}
		if err := merge(of, inner); err != nil {
			return err
		}
	}
	return nil
}

// jmes is the part of JMESPath that the script uses: a.b, [n], [], [?a=='b'].c, and | [0].
func jmes(v any, query string) (any, error) {
	query, first, _ := strings.Cut(query, " | ")
	step := regexp.MustCompile(`^\.?(\w+|\[\d+\]|\[\]|\[\?\w+=='[^']*'\])`)
	projected := false
	for query != "" {
		m := step.FindStringSubmatch(query)
		if m == nil {
			return nil, fmt.Errorf("the query %s", query)
		}
		query = query[len(m[0]):]
		v, projected = follow(v, m[1], projected)
	}
	if first == "" {
		return v, nil
	}
	if first != "[0]" {
		return nil, fmt.Errorf("the query %s", first)
	}
	return element(v, 0), nil
}

func follow(v any, step string, projected bool) (any, bool) {
	if projected && step[0] != '[' {
		out := []any{}
		list, _ := v.([]any)
		for _, e := range list {
			if m, ok := e.(map[string]any); ok && m[step] != nil {
				out = append(out, m[step])
			}
		}
		return out, true
	}
	list, _ := v.([]any)
	switch {
	case step == "[]":
		return v, true
	case strings.HasPrefix(step, "[?"):
		key, want, _ := strings.Cut(strings.Trim(step, "[?]'"), "=='")
		out := []any{}
		for _, e := range list {
			if m, ok := e.(map[string]any); ok && m[key] == want {
				out = append(out, e)
			}
		}
		return out, true
	case step[0] == '[':
		n, err := strconv.Atoi(strings.Trim(step, "[]"))
		if err != nil {
			return nil, false
		}
		return element(v, n), projected
	}
	m, _ := v.(map[string]any)
	return m[step], projected
}

func element(v any, n int) any {
	if list, ok := v.([]any); ok && n < len(list) {
		return list[n]
	}
	return nil
}
