package config

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Sources are the places that settings come from. A flag wins over the
// environment, the environment over the file, the file over the default. An
// empty value counts as not given.
type Sources struct {
	Environ []string          // NAME=VALUE, as from os.Environ
	File    string            // path of the file of settings, or ""
	Flags   map[string]string // values given by flags, by name of the setting
}

// Load reads and checks the settings. Its error joins every [Fault] that was
// found; the Config then holds what could be read, fit for [Config.Report] only.
func Load(s Sources, mode Mode) (*Config, error) {
	var fs faults
	c := &Config{origins: map[string]origin{}, mode: mode}
	layers := s.layers(&fs)
	values := map[string]string{}
	for _, set := range settings() {
		if v, o, ok := fs.resolve(set, layers); ok {
			values[set.name], c.origins[set.name] = v, o
		}
	}
	c.defaultListen(mode, layers.environment, values)
	defaultLimits(mode, values)
	fs.parse(c, values)
	c.normalize()
	c.readIssuers(&fs, mode)
	for _, f := range c.faults(mode) {
		if !fs.has(f.Name) && !fs.has(f.Name+fileSuffix) {
			fs = append(fs, f)
		}
	}
	return c, fs.join()
}

// A layer is one source of values.
type layer struct {
	kind   string // for messages: flag, environment, file PATH
	values map[string]string
}

func (l layer) sortedNames() []string { return slices.Sorted(maps.Keys(l.values)) }

type layers struct{ flags, environment, file layer }

func (s Sources) layers(fs *faults) layers {
	out := layers{
		flags:       layer{"flag", s.Flags},
		environment: layer{"environment", environ(s.Environ)},
		file:        layer{"file " + s.File, nil},
	}
	fs.unknown(out.environment, false)
	if s.File == "" {
		return out
	}
	text, err := readFile(s.File)
	if err != nil {
		fs.add("--config "+s.File, reason(err), "")
		return out
	}
	out.file.values = fs.parseFile(s.File, text)
	fs.unknown(out.file, true)
	return out
}

func environ(list []string) map[string]string {
	values := make(map[string]string, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			values[name] = value
		}
	}
	return values
}

// An origin says where the value of a setting came from.
type origin struct {
	source string // flag, environment or file PATH
	name   string // the name it was given under
	path   string // of the file that holds it, if it is a secret in a file
}

type given struct {
	origin
	value string
}

// resolve picks the value of one setting. Two names of it with different
// values are a fault, and so is a secret given both directly and by a file.
func (fs *faults) resolve(set setting, ls layers) (string, origin, bool) {
	if v := ls.flags.values[set.name]; v != "" {
		return v, origin{source: ls.flags.kind, name: set.name}, true
	}
	all := set.given(ls)
	if len(all) == 0 {
		return "", origin{}, false
	}
	first := all[0]
	for _, other := range all[1:] {
		if other.name == first.name {
			continue
		}
		if first.byFile(set) || other.byFile(set) || other.value != first.value {
			fs.add(set.name, "is given as "+first.name+" and as "+other.name, "only one of them")
			return "", origin{}, false
		}
	}
	if !first.byFile(set) {
		return first.value, first.origin, true
	}
	v, err := readSecret(first.value)
	if err != nil {
		fs.add(first.name, "the file it names cannot be used: "+reason(err), "the path of a file that holds "+set.name)
		return "", origin{}, false
	}
	from := first.origin
	from.path = first.value
	return v, from, true
}

// given lists the values of the setting, the one that wins first.
func (s setting) given(ls layers) []given {
	var out []given
	for _, l := range []layer{ls.environment, ls.file} {
		for _, name := range s.names() {
			if v := strings.TrimSpace(l.values[name]); v != "" {
				out = append(out, given{origin{source: l.kind, name: name}, v})
			}
		}
	}
	return out
}

func (g given) byFile(s setting) bool { return s.secret && g.name == s.name+fileSuffix }

// defaultListen chooses the address to listen on if none is given. In
// production, the variable PORT of hosting platforms counts; in development it is loopback.
func (c *Config) defaultListen(mode Mode, environment layer, values map[string]string) {
	const listen = prefix + "LISTEN"
	port := environment.values["PORT"]
	switch _, set := values[listen]; {
	case set:
	case mode == Development:
		values[listen] = "127.0.0.1:8080"
	case port != "":
		values[listen] = ":" + port
		c.origins[listen] = origin{source: environment.kind, name: "PORT"}
	}
}

// parse fills c from the values by name.
func (fs *faults) parse(c *Config, values map[string]string) {
	err := env.ParseWithOptions(c, env.Options{Environment: values})
	if err == nil {
		return
	}
	agg, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		fs.add("settings", err.Error(), "")
		return
	}
	for _, e := range agg.Errors {
		pe, ok := errors.AsType[env.ParseError](e)
		if !ok {
			fs.add("settings", e.Error(), "")
			continue
		}
		i := slices.IndexFunc(settings(), func(s setting) bool { return s.field == pe.Name })
		set := settings()[i]
		fs.add(set.name, parseProblem(set, values[set.name], pe.Err), set.write)
	}
}

func parseProblem(set setting, value string, err error) string {
	if p, ok := errors.AsType[problem](err); ok {
		return p.Error()
	}
	if set.secret {
		return "is not understood"
	}
	return "is " + quote(value) + ", which is not understood"
}

// normalize gives values that mean the same one form.
func (c *Config) normalize() {
	for _, l := range []List{c.TenantIDs, c.AllowedClients, c.TeamsClients, c.AdminClients} {
		for i, id := range l {
			l[i] = strings.ToLower(id)
		}
	}
	for _, s := range []*string{&c.ClientID, &c.PlaygroundClientID, &c.ACSClientID, &c.ACSTenantID, &c.MetricsListen, &c.MappingCache, &c.ACSQuota} {
		*s = strings.ToLower(*s)
	}
	if id := strings.ToLower(c.ACSResource); isGUID(id) {
		c.ACSResource = id
	}
	for _, s := range []*string{&c.PublicURL, &c.AuthorityHost, &c.ACSEndpoint, &c.GraphURL} {
		*s = strings.TrimSuffix(*s, "/")
	}
}
