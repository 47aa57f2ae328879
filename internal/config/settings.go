package config

import (
	"reflect"
	"strings"
)

// prefix begins the names of all settings of this program.
const prefix = "ACSAUTH_"

// fileSuffix ends the name under which a secret is given as the path of a file.
const fileSuffix = "_FILE"

// A setting is what the tags of one field of Config say.
type setting struct {
	field   string
	name    string
	aliases []string
	def     string
	group   string
	write   string
	secret  bool
}

// settings lists the settings in the order of the fields.
func settings() []setting {
	var out []setting
	t := reflect.TypeFor[Config]()
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		s := setting{
			field: f.Name, name: f.Tag.Get("env"), def: f.Tag.Get("envDefault"),
			group: f.Tag.Get("group"), write: f.Tag.Get("write"), secret: f.Tag.Get("secret") == "true",
		}
		if a := f.Tag.Get("alias"); a != "" {
			s.aliases = strings.Split(a, ",")
		}
		out = append(out, s)
	}
	return out
}

// names lists every name under which s may be given.
func (s setting) names() []string {
	out := append([]string{s.name}, s.aliases...)
	if s.secret {
		out = append(out, s.name+fileSuffix)
	}
	return out
}

// find returns the setting with this name.
func find(name string) setting {
	for _, s := range settings() {
		if s.name == name {
			return s
		}
	}
	return setting{name: name}
}
